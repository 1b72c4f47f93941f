-- Shared: real time, the monotonic clock and the order counter. The last two stand in one hash.
-- Real time may jump, in any direction: it dates things for people. Pauses are measured on the monotonic clock, which goes on
-- with real time, but never back, and between two looks that are noted by MOST_US at most: a jump ahead of a year is one of
-- 5 s. The sweep notes one every other second; while nobody looks for longer, pauses get longer. Order decides what came
-- first: it only grows, and nothing compares it with a time. It is never behind real time, so that no number comes again
-- where a fail-over has lost the last ones.
local CLOCK, MOST_US = KEY.clock, 5000000

local function digits(number) return string.format('%.0f', number) end

-- What the clocks show, for whoever only watches.
local function peek()
  local time, row = redis.call('TIME'), redis.call('HMGET', CLOCK, 'seen_us', 'monotonic_us', 'order', 'seeded')
  local now_us = time[1] * 1000000 + time[2]
  local since_us = row[1] and now_us - row[1] or -1
  local passed_us = math.max(0, math.min(MOST_US, since_us))
  local monotonic_us = (tonumber(row[2]) or now_us) + passed_us
  return { now_us = now_us, monotonic_us = monotonic_us, monotonic_ms = math.floor(monotonic_us / 1000),
    since_us = since_us, passed_us = passed_us, order = tonumber(row[3] or '0'), seeded = row[4] }
end

local function note_time(clock)
  redis.call('HSET', CLOCK, 'seen_us', digits(clock.now_us), 'monotonic_us', digits(clock.monotonic_us))
end

-- What the clocks show. After a jump or a silence, and at first, that is noted, so that the monotonic clock goes on from here.
local function look()
  local clock = peek()
  if clock.since_us ~= clock.passed_us then
    redis.call('DEL', KEY.nothing) -- so that the rest can be written when Redis is full, too
    note_time(clock)
  end
  return clock
end

local function next_order(clock)
  clock.order = math.max(clock.now_us, clock.order + 1)
  redis.call('HSET', CLOCK, 'seen_us', digits(clock.now_us), 'monotonic_us', digits(clock.monotonic_us),
    'order', digits(clock.order))
  return digits(clock.order)
end
