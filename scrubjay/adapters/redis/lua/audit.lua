-- Read the ledgers of some tenants and count what waits, all as it is at this moment.
-- KEYS audit, tenants, lanes, backlog
-- ARGV ledger prefix, status prefix, how many tenants, the most lanes whose turns are counted
-- Returns { cursor for the next look, backlog, turns in all waiting lists or -1 (too many lanes are awake to count) },
--   then per tenant { tenant, turns in a waiting status, turns in its waiting lists or -1, { fields of its ledger } }
local audit, tenants, lanes, backlog = unpack(KEYS)
local ledger_prefix, status_prefix, most_tenants, most_lanes = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local listed, by_tenant = -1, {}
if redis.call('ZCARD', lanes) <= tonumber(most_lanes) then
  listed = 0
  for _, lane in ipairs(redis.call('ZRANGE', lanes, 0, -1)) do
    local length, tenant = redis.pcall('LLEN', KEY.waiting_of .. lane), string.match(lane, '^[^:]*')
    if type(length) ~= 'number' then length = 0 end -- its list is damaged: the ledger shows it
    listed = listed + length
    by_tenant[tenant] = (by_tenant[tenant] or 0) + length
  end
end
local some = redis.call('SSCAN', tenants, redis.call('HGET', audit, 'cursor') or '0', 'COUNT', most_tenants)
local ledgers = { { some[1], tonumber(redis.call('GET', backlog) or '0'), listed } }
for _, tenant in ipairs(some[2]) do
  local waiting = 0
  for _, status in ipairs({ 'queued', 'running', 'retrying' }) do
    waiting = waiting + redis.call('ZCARD', status_prefix .. tenant .. ':' .. status)
  end
  local counted = listed < 0 and -1 or by_tenant[tenant] or 0
  ledgers[#ledgers + 1] = { tenant, waiting, counted, redis.call('HGETALL', ledger_prefix .. tenant) }
end
return ledgers
