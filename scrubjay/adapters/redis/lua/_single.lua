-- Shared: how many turns at the head of a lane are still to be tried alone, as they were in a batch that failed by one of them.
local function tried_alone(lane, turns)
  if redis.call('HEXISTS', lane, 'single') == 1 and redis.call('HINCRBY', lane, 'single', -turns) <= 0 then
    redis.call('HDEL', lane, 'single')
  end
end
