"use strict";
// What the relay uses of undici, for the bundle: the whole of it takes four times as long to load.
// This path is not undici's public interface: test/bundle.test.ts holds it to what that exports.
exports.buildConnector = require("undici/lib/core/connect.js");
