// Failures per target and per source, counted over all processes; only asked here when all goes well.
"use strict";
const crypto = require("node:crypto");
const { RateLimiterRedis } = require("rate-limiter-flexible");
const { redis } = require("./store");

const perTarget = new RateLimiterRedis({ storeClient: redis, keyPrefix: "comparison:target", points: 10, duration: 900 });
const perSource = new RateLimiterRedis({ storeClient: redis, keyPrefix: "comparison:source", points: 1000, duration: 300 });

const digest = (email) => crypto.createHash("sha256").update(email.trim().toLowerCase()).digest("hex").slice(0, 32);

async function tooMany(email, ip) {
  const [target, source] = await Promise.all([perTarget.get(digest(email)), perSource.get(ip)]);
  return (target?.remainingPoints === 0) || (source?.remainingPoints === 0);
}

async function count(email, ip) {
  await Promise.allSettled([perTarget.consume(digest(email)), perSource.consume(ip)]);
}

module.exports = { tooMany, count };
