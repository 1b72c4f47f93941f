-- Note a test down for one webhook, whatever it wants. KEYS webhooks; ARGV tenant, webhook, retention_s
-- Returns the delivery's id; nothing where there is no such webhook.
-- with _clock
-- with _deliveries
local hooks = KEYS[1]
local tenant, webhook, retention_s = ARGV[1], ARGV[2], ARGV[3]
if redis.call('HEXISTS', hooks, webhook) == 0 then return false end
return note_delivery(names_of(tenant, webhook), 'test', 'TEST', 0, look(), retention_s, {})
