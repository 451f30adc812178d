-- wrk: pages of users drawn by chance. The file users.txt has one id a line, as in
--   curl -s 'http://127.0.0.1:8087/v1/users?n=200' | jq -r '.users[].user' > users.txt
-- SEGUE_ROUTE is what is asked for, %s being the user; the feed by default, and for servers of Gorse's interface: /api/recommend/%s?n=20
-- SEGUE_KEY is the key of the interface, where the server wants one.
local users = {}
for line in io.lines(os.getenv("SEGUE_USERS") or "users.txt") do users[#users + 1] = line end
math.randomseed(os.time())

local headers = { ["X-API-Key"] = os.getenv("SEGUE_KEY") }

local route = os.getenv("SEGUE_ROUTE") or "/v1/users/%s/feed?n=20"

request = function()
  return wrk.format("GET", string.format(route, users[math.random(#users)]), headers)
end
