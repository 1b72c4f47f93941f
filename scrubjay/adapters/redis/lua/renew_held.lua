-- The heartbeat of an erase: prolong the leases of some lanes that are still its own.
-- KEYS of each lane: lease, erasing
-- ARGV lease_ms, then of each lane: token, lane
-- Returns how many of them were lost.
-- with _clock
-- with _ready
local lease_ms = ARGV[1]
local lost, until_ms = 0, look().monotonic_ms + lease_ms
for i = 2, #ARGV, 2 do
  local lease, erasing = KEYS[i - 1], KEYS[i]
  if redis.call('GET', lease) == ARGV[i] then
    redis.call('PEXPIRE', lease, lease_ms)
    redis.call('PEXPIRE', erasing, lease_ms)
    look_at(ARGV[i + 1], until_ms)
  else
    lost = lost + 1
  end
end
return lost
