-- Notes where named calls stand that an incarnation has claimed.
-- ARGV: the incarnation; then for each: its id; the note, or '' where it waits again. One that
-- comes after the call's end says nothing.
local incarnation = ARGV[1]
if not holds_lease(incarnation) then return lease_lost() end
for i = 2, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', under_way, ARGV[i])
  else
    local record = redis.call('HGET', records, ARGV[i])
    if record and record:sub(20, 25) == never then
      redis.call('HSET', under_way, ARGV[i], ARGV[i + 1])
    end
  end
end
return redis.status_reply('OK')
