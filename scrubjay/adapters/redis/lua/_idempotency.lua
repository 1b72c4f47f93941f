-- Shared: a turn's idempotency key ends a day after the turn was settled, died, or was erased, and not while it waits. A
-- key that has ended may have been sent again since then: it is the other turn's, and is left alone.
local function has_key(idem, id)
  return idem and redis.call('HGET', idem, 'id') == id
end
local function end_key(idem, id)
  if has_key(idem, id) then redis.call('EXPIRE', idem, 86400) end
end
