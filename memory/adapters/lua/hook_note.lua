-- Note a change by hand down before it is made, under the lane's lease: it is due when it is told to be, or when whoever
-- makes it must have ended. KEYS lease, webhooks
-- ARGV token, tenant, lane, event, hold_ms, retention_s, then what is known of it
-- Returns the deliveries' ids; nothing where the lease is another's.
-- with _deliveries
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end
local hooks = redis.call('HGETALL', KEYS[2])
local time, fields = redis.call('TIME'), {}
local now_us = time[1] * 1000000 + time[2]
for i = 7, #ARGV do fields[#fields + 1] = ARGV[i] end
local due_ms = math.floor(now_us / 1000) + ARGV[5]
return note_event(ARGV[2], hooks, ARGV[3], ARGV[4], due_ms, now_us, ARGV[6], fields)
