-- Goes behind an XREADGROUP in one transaction (plain_claims.cc), which asks for no lease: counts
-- what that has claimed. If the incarnation has no lease, it is as what a retired one left: whoever
-- claims next takes it over.
-- ARGV: the incarnation.
-- Returns {the stand; when the oldest that is left was accepted, in ms, or -1; how many retired
-- incarnations may have left something}.
local incarnation = ARGV[1]
redis.call('HDEL', leases, '')  -- a full server refuses a script whose first write needs memory

local claimed, mine = 0, 0
for _, one in ipairs(redis.call('XPENDING', stream, 'e')[4] or {}) do
  local lease = redis.call('HGET', leases, one[1])
  if lease == '1' then claimed = claimed + tonumber(one[2]) end
  if one[1] == incarnation then
    mine = tonumber(one[2])
  elseif not lease and tonumber(one[1]) then
    redis.call('HSET', leases, one[1], '0')  -- a command of a buried one, which came late
  end
end

if not holds_lease(incarnation) then
  if mine > 0 then
    redis.call('HSET', leases, incarnation, '0')
  else
    redis.call('XGROUP', 'DELCONSUMER', stream, 'e', incarnation)
  end
  return lease_lost()
end

local last = '0-0'
for _, group in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
  local told = {}
  for i = 1, #group, 2 do told[group[i]] = group[i + 1] end
  if told['name'] == 'e' then last = told['last-delivered-id'] end
end
redis.call('HSET', counts, 'claimed', claimed, 'last', last)

local retired = 0
local fields = redis.call('HGETALL', leases)
for i = 2, #fields, 2 do
  if fields[i] == '0' then retired = retired + 1 end
end

local told = stand()
local left = told[4] > told[2] and redis.call('XRANGE', stream, '(' .. last, '+', 'COUNT', 1)[1]
return {told, left and accepted_at(left[2][2]) or -1, retired}
