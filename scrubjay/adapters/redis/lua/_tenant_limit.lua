-- Shared: whether a tenant has as many turns waiting as it may. One that no other tenant has a turn beside may have more.
local function is_tenant_full(ledger, tenants, among_others, alone)
  local most = redis.call('SCARD', tenants) > 1 and among_others or alone
  return tonumber(redis.call('HGET', ledger, 'waiting') or '0') >= tonumber(most)
end

