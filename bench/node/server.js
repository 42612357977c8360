// Express as the original starter uses it: the steps, pages and headers of Townhall's check-in.
"use strict";
const crypto = require("node:crypto");
const Tokens = require("csrf");
const express = require("express");
const pages = require("./pages");
const store = require("./store");
const throttle = require("./throttle");
const { session, viewerOf } = require("./viewer");

const CSRF = new Tokens();
const app = express();
app.set("views", `${__dirname}/views`);
app.set("view engine", "ejs");
app.set("etag", false);
app.set("trust proxy", 1);
app.disable("x-powered-by");
Object.assign(app.locals, pages.locals);
app.use(session);
app.use(express.urlencoded({ extended: false, limit: "1mb" }));
app.use(pages.headers);

function token(req) {
  req.session.csrf ??= CSRF.secretSync();
  return CSRF.create(req.session.csrf);
}

function refuse(req, res, event, status, error) {
  res.status(status).render("form", { event, error, values: req.body ?? {}, token: token(req) });
}

function sameNumber(employee, typed) {
  const digest = (text) => crypto.createHash("sha256").update(text).digest();
  const expected = employee ? store.normalNumber(employee.employee_number) : "nobody";
  return crypto.timingSafeEqual(digest(expected), digest(store.normalNumber(typed)));
}

app.param("slug", async (req, res, next, slug) => {
  req.event = await store.event(slug);
  if (req.event) next();
  else res.status(404).send("There is no such event.");
});

app.get("/events/:slug/", async (req, res) => {
  if (await viewerOf(req, req.event)) return res.redirect(303, `/events/${req.event.slug}/live`);
  res.render("form", { event: req.event, error: null, values: {}, token: token(req) });
});

app.post("/events/:slug/check-in", async (req, res) => {
  const { event, session } = req;
  const { email = "", employee_number: number = "", csrf_token: csrf = "" } = req.body ?? {};
  if (!session.csrf || !CSRF.verify(session.csrf, csrf)) return refuse(req, res, event, 400, "This page was open for too long.");
  if (event.state !== "open") return refuse(req, res, event, 409, "This event is not open.");
  if (!email.trim() || !number.trim() || email.length > 254 || number.length > 64) return refuse(req, res, event, 422, "Fill in both fields.");
  if (await throttle.tooMany(email, req.ip)) return refuse(req, res, event, 429, "There were too many attempts.");
  const employee = await store.employeeByEmail(email);
  if (!sameNumber(employee, number) || !employee?.active) {
    await throttle.count(email, req.ip);
    return refuse(req, res, event, 422, "We could not find you with this e-mail and employee number.");
  }
  await store.checkIn(event.id, employee);
  session.id = crypto.randomBytes(16).toString("base64url");
  session.viewer = [employee.id, employee.session_version];
  res.redirect(303, `/events/${event.slug}/live`);
});

app.get("/events/:slug/live", async (req, res) => {
  const { event } = req;
  const viewer = await viewerOf(req, event);
  if (!viewer) return res.redirect(303, `/events/${event.slug}/`);
  const messages = await store.latestMessages(event.id);
  pages.allowStream(res);
  res.render("live", { event, viewer, messages, nonce: crypto.randomBytes(16).toString("base64url"), token: token(req) });
});

app.get("/readyz", async (req, res) => {
  await store.ping();
  res.json({ ok: true });
});

// nginx keeps its connections for 10 s, Node.js by itself only 5 s.
const server = app.listen(Number(process.env.PORT), "127.0.0.1");
server.keepAliveTimeout = 75_000;
process.on("SIGTERM", () => process.exit(0));
