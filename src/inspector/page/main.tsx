import { render } from "preact";
import { App } from "./app.tsx";
import { listenToKeys } from "./keys.ts";
import { connect } from "./link.ts";
import "./app.css";

render(<App />, document.body);
listenToKeys();
connect();
