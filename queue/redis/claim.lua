-- Hands calls out: first those that this incarnation holds and gave back, then what retired
-- incarnations left, then what is ready. What has fallen due becomes ready before.
-- ARGV: the incarnation; how many at most, besides the first; now, in ms; the stream ids of those
-- that were given back.
-- Returns {calls given back; calls; the stand; when the oldest that is left was accepted, in ms, or
-- -1; how many retired incarnations may have left more}. Each call: {stream id, call, times
-- delivered}.
local incarnation, max, now = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local due_at_once_max = 1000
if not holds_lease(incarnation) then return lease_lost() end

for _, call in ipairs(redis.call('ZRANGEBYSCORE', delayed, '-inf', now, 'LIMIT', 0,
                                 due_at_once_max)) do
  redis.call('ZREM', delayed, call)
  redis.call('XADD', stream, '*', 'c', call)
end

local again, taken = {}, {}
for i = 4, #ARGV do
  local entry = redis.call('XRANGE', stream, ARGV[i], ARGV[i])[1]
  local delivery = redis.call('XPENDING', stream, 'e', ARGV[i], ARGV[i], 1, incarnation)[1]
  if entry and delivery then again[#again + 1] = {entry[1], entry[2][2], delivery[4]} end
end

local retired = {}
local fields = redis.call('HGETALL', leases)
for i = 1, #fields, 2 do
  if fields[i + 1] == '0' then retired[#retired + 1] = fields[i] end
end
local left_over = #retired
table.sort(retired, function(a, b) return tonumber(a) < tonumber(b) end)

local function pending_of(who, most)
  return most > 0 and redis.call('XPENDING', stream, 'e', '-', '+', most, who) or {}
end

local function take_from(who)
  local most = max - #taken
  local pending = pending_of(who, most)
  for _, one in ipairs(pending) do
    local entry = redis.call('XCLAIM', stream, 'e', incarnation, 0, one[1])[1]
    if entry then taken[#taken + 1] = {entry[1], entry[2][2], one[4] + 1} end
  end
  -- Not as long as more may be pending there: they would be nobody's.
  if #pending < most then
    redis.call('XGROUP', 'DELCONSUMER', stream, 'e', who)
    redis.call('HDEL', leases, who)
    left_over = left_over - 1
  end
end
for _, who in ipairs(retired) do
  if #taken < max then take_from(who) end
end

if #taken < max then
  local read = redis.call('XREADGROUP', 'GROUP', 'e', incarnation, 'COUNT', max - #taken,
                          'STREAMS', stream, '>')
  for _, entry in ipairs(read and read[1][2] or {}) do
    taken[#taken + 1] = {entry[1], entry[2][2], 1}
  end
  if read then redis.call('HSET', counts, 'last', taken[#taken][1]) end
end
count('claimed', #taken)

local function first_left()
  for _, who in ipairs(retired) do
    local pending = redis.call('XPENDING', stream, 'e', '-', '+', 1, who)[1]
    if pending then return redis.call('XRANGE', stream, pending[1], pending[1])[1] end
  end
  local last = redis.call('HGET', counts, 'last')
  return redis.call('XRANGE', stream, last and '(' .. last or '-', '+', 'COUNT', 1)[1]
end

local told = stand()
local left = told[4] > told[2] and first_left()
return {again, taken, told, left and accepted_at(left[2][2]) or -1, left_over}
