-- Note a change by hand down before it is made, under the lane's lease: it is due when it is told to be, or when whoever
-- makes it must have ended. KEYS lease, webhooks
-- ARGV token, tenant, lane, event, hold_ms, retention_s, then what is known of it
-- Returns the deliveries' ids; nothing where the lease is another's.
-- with _clock
-- with _deliveries
local lease, hooks_key = KEYS[1], KEYS[2]
local token, tenant, lane, event, hold_ms, retention_s = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
if redis.call('GET', lease) ~= token then return false end
local hooks = redis.call('HGETALL', hooks_key)
local fields = { 'order', token }
for i = 7, #ARGV do fields[#fields + 1] = ARGV[i] end
return note_event(tenant, hooks, lane, event, tonumber(hold_ms), look(), retention_s, fields)
