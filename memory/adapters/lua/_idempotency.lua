-- Shared: a turn's idempotency key ends a day after the turn was settled, died, or was erased, and not while it waits.
local function end_key(idem)
  if idem then redis.call('EXPIRE', idem, 86400) end
end
