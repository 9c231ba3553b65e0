/** The files of the inspector page. */
export type Page = { html: string; js: string; css: string };

/** What `bin/build.ts` has made of the sources; nobody defines it where they run as they are. */
declare const INSPECTOR_PAGE: string;

let page: Promise<Page> | undefined;

/** The inspector page: made once, and only where somebody looks at it. */
export function loadPage(): Promise<Page> {
  page ??=
    typeof INSPECTOR_PAGE === "undefined"
      ? import("../../bin/page.ts").then(({ buildPage }) => buildPage())
      : Promise.resolve(JSON.parse(INSPECTOR_PAGE) as Page);
  return page;
}
