// MySQL and Redis: the tables of Townhall, and a cache of the same values.
"use strict";
const Redis = require("ioredis");
const mysql = require("mysql2/promise");

const CACHE_SECONDS = { event: 60, employee: 300, attendance: 24 * 3600, messages: 5 };
const redis = new Redis(process.env.REDIS_URL);
const url = new URL(process.env.DATABASE_URL);
const pool = mysql.createPool({
  host: url.hostname,
  port: Number(url.port),
  user: url.username,
  password: url.password,
  database: url.pathname.slice(1),
  connectionLimit: 20,
  timezone: "Z",
});
const VIEWER = "id, employee_number, CONCAT(first_name, ' ', last_name) AS name, department, active, epoch AS session_version";
const MESSAGES =
  "SELECT m.id, m.employee_id AS author_id, CONCAT(e.first_name, ' ', e.last_name) AS author, e.department, m.body, m.posted_at FROM messages m " +
  "JOIN employees e ON e.id = m.employee_id WHERE m.event_id = ? AND m.removed_at IS NULL";

async function row(sql, values) {
  const [rows] = await pool.execute(sql, values);
  return rows[0] ?? null;
}

async function remember(key, seconds, read) {
  const cached = await redis.get(key);
  if (cached !== null) return JSON.parse(cached);
  const value = await read();
  if (value !== null) await redis.set(key, JSON.stringify(value), "EX", seconds);
  return value;
}

function normalNumber(text) {
  const kept = text.toUpperCase().replace(/[^\p{L}\p{N}]/gu, "");
  return kept.replace(/^0+/, "") || kept.slice(0, 1);
}

function event(slug) {
  return remember(`comparison:event:${slug}`, CACHE_SECONDS.event, () => row("SELECT * FROM events WHERE slug = ?", [slug]));
}

function employee(id) {
  return remember(`comparison:employee:${id}`, CACHE_SECONDS.employee, () => row(`SELECT ${VIEWER} FROM employees WHERE id = ?`, [id]));
}

function employeeByEmail(email) {
  return row(`SELECT ${VIEWER} FROM employees WHERE email = ?`, [email.trim().toLowerCase()]);
}

async function readCheckedInAt(eventId, employeeId) {
  const found = await row("SELECT checked_in_at FROM roster_entries WHERE event_id = ? AND employee_id = ?", [eventId, employeeId]);
  return found && found.checked_in_at.toISOString();
}

function checkedInAt(eventId, employeeId) {
  return remember(`comparison:attendance:${eventId}:${employeeId}`, CACHE_SECONDS.attendance, () => readCheckedInAt(eventId, employeeId));
}

async function checkIn(eventId, found) {
  const now = new Date();
  // Autocommit: one statement for a first check-in; a repeated one keeps the first time.
  const [updated] = await pool.execute("UPDATE roster_entries SET checked_in_at = ? WHERE event_id = ? AND employee_id = ? AND checked_in_at IS NULL", [now, eventId, found.id]);
  const first = updated.affectedRows ? now.toISOString() : await readCheckedInAt(eventId, found.id);
  await redis
    .pipeline()
    .set(`comparison:employee:${found.id}`, JSON.stringify(found), "EX", CACHE_SECONDS.employee)
    .set(`comparison:attendance:${eventId}:${found.id}`, JSON.stringify(first), "EX", CACHE_SECONDS.attendance)
    .exec();
}

// Under Townhall's own key: its nodes drop it at each message, so both read it equally often.
function latestMessages(eventId) {
  return remember(`townhall:messages:v2:${eventId}`, CACHE_SECONDS.messages, async () => {
    const [rows] = await pool.execute(`${MESSAGES} ORDER BY m.id DESC LIMIT 50`, [eventId]);
    return rows.reverse().map((message) => ({ ...message, posted_at: message.posted_at.toISOString() }));
  });
}

async function messagesSince(eventId, after, most) {
  const [rows] = await pool.query(`${MESSAGES} AND m.id > ? ORDER BY m.id LIMIT ?`, [eventId, after, most]);
  return rows;
}

async function addMessage(eventId, employeeId, body, nonce, postedAt) {
  const sql = "INSERT INTO messages (event_id, employee_id, body, nonce, posted_at) VALUES (?, ?, ?, ?, ?)";
  const [inserted] = await pool.execute(sql, [eventId, employeeId, body, nonce, postedAt]);
  return inserted.insertId;
}

// The sum of the counts of all nodes; a node that died is forgotten with the hash.
async function countWatching(slug, node, here) {
  const key = `comparison:watching:${slug}`;
  const replies = await redis.pipeline().hset(key, node, here).expire(key, 60).hvals(key).exec();
  return replies[2][1].reduce((sum, count) => sum + Number(count), 0);
}

async function ping() {
  await Promise.all([redis.ping(), pool.query("SELECT 1")]);
}

module.exports = {
  redis,
  event,
  employee,
  employeeByEmail,
  checkedInAt,
  checkIn,
  latestMessages,
  messagesSince,
  addMessage,
  countWatching,
  normalNumber,
  ping,
};
