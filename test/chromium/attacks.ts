// What a page can do to a port of its visitor's machine. TARGET is a URL there; HERE is the page's own
// site, which redirects /redirect?URL to URL with method and body.

/** What can be done from anywhere in a page, by name. */
export const quiet: Record<string, string> = {
  "a simple POST": script(`fetch("TARGET", { method: "POST", body: "{}" })`),
  "a blind POST": script(`fetch("TARGET", { method: "POST", body: "{}", mode: "no-cors" })`),
  "a POST without referrer": script(
    `fetch("TARGET", { method: "POST", mode: "no-cors", referrerPolicy: "no-referrer" })`,
  ),
  "a POST that outlives the page": script(
    `fetch("TARGET", { method: "POST", body: "{}", keepalive: true }); location = "about:blank"`,
  ),
  "a beacon": script(`navigator.sendBeacon("TARGET", "{}")`),
  "a POST of JSON": script(
    `fetch("TARGET", { method: "POST", headers: { "content-type": "application/json" } })`,
  ),
  "a POST with a key": script(
    `fetch("TARGET", { method: "POST", headers: { authorization: "Bearer x" } })`,
  ),
  "a DELETE": script(`fetch("TARGET", { method: "DELETE" })`),
  "a GET": script(`fetch("TARGET")`),
  "a blind GET": script(`fetch("TARGET", { mode: "no-cors" })`),
  "a blind HEAD": script(`fetch("TARGET", { method: "HEAD", mode: "no-cors" })`),
  "a GET with cookies": script(`fetch("TARGET", { credentials: "include" })`),
  "an XMLHttpRequest": script(
    `const request = new XMLHttpRequest(); request.open("POST", "TARGET"); request.send("{}")`,
  ),
  "an event source": script(`new EventSource("TARGET")`),
  "a WebSocket": script(`new WebSocket("TARGET")`),
  "a WebSocket with a key": script(
    `new WebSocket("TARGET", ["realtime", "openai-insecure-api-key.x"])`,
  ),
  "an image": `<img src="TARGET">`,
  "an image for all": `<img src="TARGET" crossorigin="anonymous">`,
  "a script": `<script src="TARGET"></script>`,
  "a module": `<script type="module" src="TARGET"></script>`,
  "a style sheet": `<link rel="stylesheet" href="TARGET">`,
  "a background": `<body style="background: url(TARGET)">`,
  "a font": `<style>@font-face { font-family: f; src: url(TARGET) } b { font-family: f }</style><b>b`,
  "a video": `<video src="TARGET"></video>`,
  "a frame": `<iframe src="TARGET"></iframe>`,
  "an object": `<object data="TARGET"></object>`,
  "an embedded thing": `<embed src="TARGET">`,
  "a prefetch": `<link rel="prefetch" href="TARGET">`,
  "a preload": `<link rel="preload" as="fetch" href="TARGET">`,
  "a preloaded module": `<link rel="modulepreload" href="TARGET">`,
  "a worker's script": inWorker(`importScripts("TARGET")`),
  "a worker's POST": inWorker(`fetch("TARGET", { method: "POST", mode: "no-cors" })`),
  "a sandboxed frame": `<iframe sandbox="allow-scripts" srcdoc='${script(`fetch("TARGET")`)}'></iframe>`,
  "a sandboxed form": `<iframe sandbox="allow-scripts allow-forms" srcdoc='${form("method=post")}'></iframe>`,
  "a frame of data": `<iframe src='data:text/html,${script(`fetch("TARGET")`)}'></iframe>`,
  "a ping": clicked(`href="#" ping="TARGET"`),
  "a redirected image": `<img src="HERE/redirect?TARGET">`,
  "a redirected POST": script(`fetch("HERE/redirect?TARGET", { method: "POST", body: "{}" })`),
};

/** What leads the visitor away from the page. */
export const leading: Record<string, string> = {
  "a form that gets": form(`method="get"`),
  "a form without referrer": `<meta name="referrer" content="no-referrer">${form(`method="post"`)}`,
  "a form of parts": form(`method="post" enctype="multipart/form-data"`),
  "a form of text": form(`method="post" enctype="text/plain"`),
  "a link": clicked(`href="TARGET"`),
  "a link to a new window": clicked(`href="TARGET" target="_blank" rel="noreferrer"`),
  "a navigation": script(`location = "TARGET"`),
  "a window": script(`open("TARGET")`),
  "a refresh": `<meta http-equiv="refresh" content="0; url=TARGET">`,
  "a redirected form": form(`method="post"`, "HERE/redirect?TARGET"),
  "a redirected navigation": script(`location = "HERE/redirect?TARGET"`),
};

function script(code: string): string {
  return `<script>${code}</script>`;
}

function inWorker(code: string): string {
  return script(`new Worker(URL.createObjectURL(new Blob([${JSON.stringify(code)}])))`);
}

function form(attributes: string, action = "TARGET"): string {
  return `<form ${attributes} action="${action}"><input name="a" value="b"></form>${script("document.forms[0].submit()")}`;
}

function clicked(attributes: string): string {
  return `<a ${attributes}>x</a>${script("document.links[0].click()")}`;
}
