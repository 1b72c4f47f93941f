-- Shared: whether somebody holds a lane. A lease ends by Redis' clock. Where that has gone back, it would last longer than
-- anybody takes one for: then it gets its whole length once more, and no longer.
local function is_held(lease, longest_ms)
  local left_ms = redis.call('PTTL', lease)
  if left_ms > tonumber(longest_ms) then redis.call('PEXPIRE', lease, longest_ms) end
  return left_ms ~= -2
end
