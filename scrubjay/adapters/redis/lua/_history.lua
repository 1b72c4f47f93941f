-- Shared: what went wrong with a turn, kept in its hash. The last entries stay, and counts that are never cut.
-- A postponement like an earlier one of the same row of them is counted there: only numbers differ ("again in 12 s").
local function note_down(turn, what, error, turns, attempt)
  local time = redis.call('TIME')
  local now = string.format('%.0f', time[1] * 1000000 + time[2])
  local function alike(text) return (string.gsub(text or '', '%d+', '0')) end
  redis.call('HINCRBY', turn, 'times_' .. what, 1)
  local entries = cjson.decode(redis.call('HGET', turn, 'history') or '[]')
  local place = #entries + 1
  for i = #entries, 1, -1 do
    if what ~= 'postponed' or entries[i].what ~= what then break end
    if alike(entries[i].error) == alike(error) then place = i end
  end
  local entry = entries[place] or { what = what, at = now, times = 0 }
  entry.times, entry.last, entry.error, entry.turns, entry.attempt = entry.times + 1, now, error, turns, attempt
  entries[place] = entry
  while #entries > 20 do table.remove(entries, 1) end
  redis.call('HSET', turn, 'history', cjson.encode(entries))
end

