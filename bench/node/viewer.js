// Who is asking: the signed session cookie, an employee and a check-in out of the cache.
"use strict";
const cookieSession = require("cookie-session");
const store = require("./store");

const session = cookieSession({ name: "comparison", secret: process.env.SECRET_KEY, httpOnly: true, sameSite: "lax" });

async function viewerOf(req, event) {
  const [id, epoch] = req.session.viewer ?? [];
  const employee = id && (await store.employee(id));
  if (!employee || !employee.active || employee.epoch !== epoch) return null;
  const checkedInAt = await store.checkedInAt(event.id, id);
  return checkedInAt && { employee, checkedInAt };
}

module.exports = { session, viewerOf };
