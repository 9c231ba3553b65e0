"use strict";
// What the relay uses of undici, for the bundle: the whole of it takes four times as long to load.
// These paths are not undici's public interface: test/bundle.test.ts holds them to what that exports.
exports.Client = require("undici/lib/dispatcher/client.js");
exports.buildConnector = require("undici/lib/core/connect.js");
