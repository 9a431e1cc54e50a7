-- Ends an incarnation's lease on the function: from here on it can end nothing, and what it held
-- is ready again. ARGV: the incarnation. Returns the stand.
local incarnation = ARGV[1]
if not holds_lease(incarnation) then return stand() end
local held = 0
local summary = redis.call('XPENDING', stream, 'e')
for _, consumer in ipairs(summary[4] or {}) do
  if consumer[1] == incarnation then held = tonumber(consumer[2]) end
end
redis.call('HDEL', leases, '')  -- as heartbeat.lua has it
count('claimed', -held)
if held > 0 then
  redis.call('HSET', leases, incarnation, '0')
else
  redis.call('XGROUP', 'DELCONSUMER', stream, 'e', incarnation)
  redis.call('HDEL', leases, incarnation)
end
return stand()
