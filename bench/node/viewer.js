// Identify the viewer from the signed session cookie and the cached employee and check-in.
"use strict";
const cookieSession = require("cookie-session");
const store = require("./store");

const session = cookieSession({ name: "comparison", secret: process.env.SECRET_KEY, httpOnly: true, sameSite: "lax" });

async function viewerOf(req, event) {
  const [id, sessionVersion] = req.session.viewer ?? [];
  const employee = id && (await store.employee(id));
  if (!employee || !employee.active || employee.session_version !== sessionVersion) return null;
  const checkedInAt = await store.checkedInAt(event.id, id);
  return checkedInAt && { employee, checkedInAt };
}

module.exports = { session, viewerOf };
