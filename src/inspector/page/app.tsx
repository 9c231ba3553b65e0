import { OpenCall } from "./call/call.tsx";
import { Header } from "./header.tsx";
import { Help } from "./help.tsx";
import { CallList } from "./list/list.tsx";
import { News } from "./news.tsx";
import { openId } from "./route.ts";

export function App() {
  const isOpen = openId.value !== undefined;
  return (
    <>
      <Header />
      <main class={isOpen ? "is-open" : ""}>
        <CallList />
        {isOpen && <OpenCall key={openId.value} />}
      </main>
      <News />
      <Help />
    </>
  );
}
