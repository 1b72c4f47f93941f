-- Note a change by hand down before it is made, under the lane's lease: it is due when it is told to be, or when whoever
-- makes it must have ended. KEYS lease, webhooks
-- ARGV token, tenant, lane, event, hold_ms, retention_s, then what is known of it
-- Returns the deliveries' ids; nothing where the lease is another's.
-- with _clock
-- with _deliveries
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end
local hooks = redis.call('HGETALL', KEYS[2])
local fields = { 'order', ARGV[1] }
for i = 7, #ARGV do fields[#fields + 1] = ARGV[i] end
return note_event(ARGV[2], hooks, ARGV[3], ARGV[4], tonumber(ARGV[5]), look(), ARGV[6], fields)
