-- Says that an incarnation lives, by the server's clock.
-- KEYS: the engines. ARGV: the incarnation; 1 for its first time, else 0; after how many ms of
-- silence another is taken for dead.
-- Returns the incarnations that seem dead.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = redis.call('ZSCORE', KEYS[1], ARGV[1])
if last == '0' or (ARGV[2] == '0' and not last) then  -- condemned, or buried already
  return redis.error_reply('LEASELOST this incarnation was retired')
end
-- A server that is full refuses a script whose first write needs memory, and no later one: this
-- changes nothing, and lets an engine live there.
redis.call('ZREM', KEYS[1], '')
redis.call('ZADD', KEYS[1], now, ARGV[1])
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[3], 'LIMIT', 0, 100)
