-- Note a test down for one webhook, whatever it wants. KEYS webhooks; ARGV tenant, webhook, retention_s
-- Returns the delivery's id; nothing where there is no such webhook.
-- with _clock
-- with _deliveries
if redis.call('HEXISTS', KEYS[1], ARGV[2]) == 0 then return false end
return note_delivery(names_of(ARGV[1], ARGV[2]), 'test', 'TEST', 0, look(), ARGV[3], {})
