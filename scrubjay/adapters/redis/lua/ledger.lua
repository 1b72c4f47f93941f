-- A tenant's ledger, read in one step. A script, as a full Redis refuses whatever stands in a transaction.
-- KEYS ledger, the sets of the statuses in which turns wait ...
-- Returns { fields of the ledger, how many turns wait, when the one accepted first was accepted or '' }
local ledger = KEYS[1]
local waiting, oldest = 0, ''
for i = 2, #KEYS do
  waiting = waiting + redis.call('ZCARD', KEYS[i])
  local first = redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')
  if first[2] and (oldest == '' or tonumber(first[2]) < tonumber(oldest)) then oldest = first[2] end
end
return { redis.call('HGETALL', ledger), waiting, oldest }
