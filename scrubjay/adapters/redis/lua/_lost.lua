-- Shared: turns that wait and whose hashes are gone (evicted, or lost with an append-only file that was repaired) leave
-- their lane, and the ledger counts them as lost. To be put after _due, _idempotency and _single.
local MOST_LOST = 500 -- in one step

-- Takes them out of the first `window` turns that wait, and of those that come after in their place. Returns their ids.
local function drop_lost(keys, window, turn_prefix, status_prefix)
  local lane, waiting, lost = keys.lane, keys.waiting, {}
  local batch_size = tonumber(redis.call('HGET', lane, 'held') or '0')
  local planned = tonumber(redis.call('HGET', lane, 'planned') or '0')
  local single, of_head = tonumber(redis.call('HGET', lane, 'single') or '0'), 0
  window = math.max(window, batch_size, planned, single)
  repeat
    local gone, of_batch, of_planned = 0, 0, 0
    for i, id in ipairs(redis.call('LRANGE', waiting, 0, window - 1)) do
      local turn = turn_prefix .. id
      local row = redis.call('HMGET', turn, 'accepted_us', 'status', 'order')
      if not (row[1] and row[2] and row[3] and redis.call('HEXISTS', turn, 'body') == 1) then
        redis.call('LSET', waiting, i - 1, '')
        for _, status in ipairs({ 'queued', 'running', 'retrying' }) do redis.call('ZREM', status_prefix .. status, id) end
        redis.call('ZREM', keys.owned, id)
        end_key(redis.call('HGET', turn, 'idem'), id)
        redis.call('DEL', turn)
        gone, lost[#lost + 1] = gone + 1, id
        if i <= single - of_head then of_head = of_head + 1 end
        if i <= batch_size then of_batch = of_batch + 1 end
        if i <= planned then of_planned = of_planned + 1 end
      end
      if #lost == MOST_LOST then break end
    end
    if gone > 0 then redis.call('LREM', waiting, gone, '') end
    batch_size, planned = batch_size - of_batch, planned - of_planned
    if of_batch > 0 then redis.call('HSET', lane, 'held', batch_size) end
    if of_planned > 0 then -- it is decided anew, as after an erase
      redis.call('DEL', keys.plan)
      redis.call('HDEL', lane, 'planned')
      planned = 0
    end
  until gone == 0 or #lost == MOST_LOST
  if of_head > 0 then tried_alone(lane, of_head) end
  if #lost > 0 then
    redis.call('HINCRBY', keys.ledger, 'lost', #lost)
    redis.call('HINCRBY', keys.ledger, 'waiting', -#lost)
    redis.call('DECRBY', keys.backlog, #lost)
    due_by_first(waiting, turn_prefix)
  end
  return lost
end
