"use strict";
// What a single executable runs first: the relay, and what V8 has compiled of it already.
// Not Node's own way to do both: that warns on stderr wherever V8 does not take the second, and has an
// `import` that reads no files.
const sea = require("node:sea");
const vm = require("node:vm");

const { emitWarning } = process;
/** Of the constant below Node says, once something is imported, that it is an experiment. */
process.emitWarning = function withoutThat(warning, ...rest) {
  if (!String(warning).includes("USE_MAIN_CONTEXT_DEFAULT_LOADER"))
    emitWarning.call(process, warning, ...rest);
};

const compiled = Buffer.from(sea.getRawAsset("compiled"));
const script = new vm.Script(Buffer.from(sea.getRawAsset("relay")).toString("latin1"), {
  filename: "relay.cjs",
  cachedData: compiled.length > 0 ? compiled : undefined,
  importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});
script.runInThisContext()(exports, require, module, __filename, __dirname);
