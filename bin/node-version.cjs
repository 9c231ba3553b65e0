"use strict";
// In the syntax of Node 4, so that an old Node gets to read a sentence instead of a syntax error.
// Loaded by the launcher, and by `node -r` before the build.
const fs = require("fs");
const path = require("path");

const version = process.versions.node.split(".").map(Number);
const isTooOld = version[0] < 22 || (version[0] === 22 && version[1] < 19);
const isCheckout = fs.existsSync(path.join(__dirname, "build.ts"));
const ownNode = path.join(__dirname, "../node_modules/.bin/node");

/** Says what is wrong and what to do about it. */
function refuse() {
  const command = process.argv.slice(2).join(" ");
  const advice = isCheckout
    ? 'Run "npm ci", which brings Node 24 along, or install Node 24 LTS.'
    : `Install Node 24 LTS, or borrow it:  npx -y -p node@24 -p openai-relay relay ${command}`;
  process.stderr.write(
    `openai-relay needs Node.js 22.19 or newer; this is ${process.version} (${process.execPath}).\n` +
      `  ${advice}\n`
  );
  process.exit(1);
}

/** The Node that `npm ci` brought, where this one is too old for the relay. */
exports.newerNode = isTooOld && isCheckout && fs.existsSync(ownNode) ? ownNode : undefined;
exports.refuse = refuse;

if (isTooOld && !exports.newerNode) refuse();
