"use strict";
// npm 10 skips the Node packages of other platforms and takes node_modules/.bin/node away with them,
// because each of them has a program of that name. This puts it back, for npm's scripts to find.
var fs = require("fs");
var path = require("path");

var modules = path.join(__dirname, "../../node_modules");
var program = process.platform === "win32" ? "node.exe" : "node";
var platform = process.platform === "win32" ? "win" : process.platform;

if (!fs.existsSync(path.join(modules, ".bin/node"))) {
  ["node-", "node-bin-"].forEach((prefix) => {
    var binary = path.join(modules, prefix + platform + "-" + process.arch, "bin", program);
    if (fs.existsSync(binary)) fs.linkSync(binary, path.join(modules, ".bin", program));
  });
}
