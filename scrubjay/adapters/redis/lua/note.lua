-- Note a removal down that is to be repeated. KEYS removals; ARGV removal, finish_ms
-- with _clock
redis.call('ZADD', KEYS[1], look().monotonic_ms + ARGV[2], ARGV[1])
return 1
