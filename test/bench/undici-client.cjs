"use strict";
// What the bare proxy uses of undici: the whole of it would take longer to load.
exports.Client = require("undici/lib/dispatcher/client.js");
