-- Note a test down for one webhook, whatever it wants. KEYS webhooks; ARGV tenant, webhook, retention_s
-- Returns the delivery's id; nothing where there is no such webhook.
-- with _deliveries
if redis.call('HEXISTS', KEYS[1], ARGV[2]) == 0 then return false end
local time = redis.call('TIME')
return note_delivery(names_of(ARGV[1], ARGV[2]), 'test', 'TEST', 0, time[1] * 1000000 + time[2], ARGV[3], {})
