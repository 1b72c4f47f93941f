-- Forget some of an owner's turns in one lane: of each that came before the watermark only that it was erased stays.
-- One chunk under the lease of whoever erases. Run again, it changes nothing more.
-- KEYS lease, lane, waiting list, plan, owned, ledger, backlog, the lane's dead
-- ARGV token, watermark, retention_s, lane, user, agent, run, app (empty: any), turn prefix, status prefix, text prefix,
--   rank in the waiting list ('': the turns that follow), most turns, ids ...
-- Returns { } where the lease is another's, else { next rank or '', texts, plans, { id, status it had, ... } }
-- with _clock
-- with _idempotency
-- with _due
local lease, lane, waiting, plan, owned, ledger, backlog, dead = unpack(KEYS)
local token, watermark, retention_s, lane_name, user_id, agent_id = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local run_id, app_id, turn_prefix, status_prefix, text_prefix, rank = ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11], ARGV[12]
local most = ARGV[13]
local owner_ids = { user_id, agent_id, run_id, app_id } -- in the order of the row below
rank, most, watermark = tonumber(rank), tonumber(most), tonumber(watermark)
if redis.call('GET', lease) ~= token then return {} end
local clock = look()
local now = digits(clock.now_us)
local live = { queued = true, running = true, retrying = true }

local ids, after = {}, ''
if rank then
  ids = redis.call('LRANGE', waiting, rank, rank + most - 1)
else
  for i = 14, #ARGV do ids[#ids + 1] = ARGV[i] end
end

local erased, stamps, ended, texts, waited = {}, {}, {}, 0, 0
local by_status, rows_of = {}, {}
for _, id in ipairs(ids) do
  local turn, text = turn_prefix .. id, text_prefix .. id
  local row = redis.call('HMGET', turn, 'status', 'user_id', 'agent_id', 'run_id', 'app_id', 'accepted_us', 'lane',
    'order', 'idem')
  local ours = row[1] and row[1] ~= 'erased' and row[7] == lane_name and tonumber(row[8] or '0') <= watermark
  for place, owner_id in ipairs(owner_ids) do ours = ours and (owner_id == '' or owner_id == row[place + 1]) end
  if not row[1] then ended[#ended + 1] = id end -- its hash has ended: the index would name the lane for nothing
  row[6] = row[6] or now -- a part of the hash is lost
  if ours then
    if redis.call('HEXISTS', turn, 'body') + redis.call('EXISTS', text) > 0 then texts = texts + 1 end
    redis.call('DEL', turn, text)
    redis.call('HSET', turn, 'v', 1, 'status', 'erased', 'accepted_us', row[6], 'attempts', 0, 'settled_us', now)
    redis.call('EXPIRE', turn, retention_s)
    end_key(row[9], id)
    rows_of[id] = true
    erased[#erased + 1] = id
    erased[#erased + 1] = row[1]
    stamps[#stamps + 1] = row[6]
    stamps[#stamps + 1] = id
    ended[#ended + 1] = id
    by_status[row[1]] = by_status[row[1]] or {}
    table.insert(by_status[row[1]], id)
    if live[row[1]] then waited = waited + 1 end
    if live[row[1]] and not rank then redis.call('LREM', waiting, -1, id) end -- it was replayed just now
  end
end
for status, of_status in pairs(by_status) do
  redis.call('ZREM', status_prefix .. status, unpack(of_status))
  if not live[status] then redis.call('HINCRBY', ledger, status, -#of_status) end
  redis.call('ZREM', status_prefix .. 'gated', unpack(of_status))
end
if #erased > 0 then
  redis.call('ZADD', status_prefix .. 'erased', unpack(stamps))
  redis.call('HINCRBY', ledger, 'erased', #stamps / 2)
end
if waited > 0 then
  redis.call('HDEL', lane, 'single')
  redis.call('HINCRBY', ledger, 'waiting', -waited)
  redis.call('DECRBY', backlog, waited)
end
if #ended > 0 then
  redis.call('ZREM', owned, unpack(ended))
  redis.call('ZREM', dead, unpack(ended))
end

local plans = 0
if rank then
  local batch = tonumber(redis.call('HGET', lane, 'held') or redis.call('HGET', lane, 'planned') or '0')
  local whole, gone = batch > 0, 0
  for i, id in ipairs(ids) do
    if rows_of[id] then
      redis.call('LSET', waiting, rank + i - 1, '')
      gone = gone + 1
      if rank + i <= batch then whole = false end
    end
  end
  if gone > 0 then redis.call('LREM', waiting, gone, '') end
  if #ids == most then after = digits(rank + #ids - gone) end
  -- A plan whose batch has lost a turn would not be used: it is decided anew.
  if whole and redis.call('EXISTS', plan) == 1 then
    redis.call('HSET', lane, 'planned', batch)
  else
    plans = redis.call('DEL', plan)
    redis.call('HDEL', lane, 'planned')
  end
  if redis.call('HEXISTS', lane, 'wake_us') == 1 then due_at_last(waiting, clock) end
  redis.call('HDEL', lane, 'held', 'holder', 'limit', 'deaths', 'failures', 'wake_us')
end
if after == '' and redis.call('LLEN', waiting) == 0 then
  if redis.call('ZCARD', owned) == 0 then
    redis.call('DEL', lane, owned)
  else
    redis.call('EXPIRE', lane, retention_s)
    redis.call('EXPIRE', owned, retention_s)
  end
end
return { after, texts, plans, erased }
