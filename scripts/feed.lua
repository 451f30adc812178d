-- wrk: pages of users drawn by chance. The file users.txt has one id a line, as in
--   curl -s 'http://127.0.0.1:8087/v1/users?n=200' | jq -r '.users[].user' > users.txt
local users = {}
for line in io.lines(os.getenv("SEGUE_USERS") or "users.txt") do users[#users + 1] = line end
math.randomseed(os.time())

request = function()
  return wrk.format("GET", "/v1/users/" .. users[math.random(#users)] .. "/feed?n=20")
end
