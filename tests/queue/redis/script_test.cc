// Scripts called through a connection.
#include "queue/redis/script.h"

#include <gtest/gtest.h>

#include "tests/queue/redis/fake_server.h"

namespace convoke::redis {
namespace {

TEST_F(RedisConnection, AScriptIsCalledByItsSha1AndSentOnceIfItIsUnknown) {
  make_ready();
  const Script script("return 1");
  EXPECT_EQ(script.sha1(), "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
  send_call(*connection_, script, script.call(1).arg("k").arg(5), heard_.as("call"));
  end_turn();
  EXPECT_EQ(server_.peer().take_received(),
            "*5\r\n$7\r\nEVALSHA\r\n$40\r\ne0e1f9fabfc9d4800c877a703b823ac0578ff8db\r\n"
            "$1\r\n1\r\n$1\r\nk\r\n$1\r\n5\r\n");
  server_.peer().send("-NOSCRIPT No matching script.\r\n");
  end_turn();
  EXPECT_EQ(server_.peer().take_received(),
            "*5\r\n$4\r\nEVAL\r\n$8\r\nreturn 1\r\n$1\r\n1\r\n$1\r\nk\r\n$1\r\n5\r\n");
  EXPECT_EQ(heard_.take(), "");
  server_.peer().send("-NOSCRIPT what?\r\n");
  EXPECT_EQ(heard_.take(), "call=NOSCRIPT what?");
}

TEST_F(RedisConnection, AScriptsCallThatIsLostIsToldOnce) {
  make_ready();
  const Script script("return 1");
  send_call(*connection_, script, script.call(0), heard_.as("a"));
  end_turn();
  server_.peer().send("-NOSCRIPT\r\n");
  server_.peer().reset();  // before the text has left
  end_turn();
  next_turn();
  EXPECT_EQ(heard_.take(), "a:not sent");
}

}  // namespace
}  // namespace convoke::redis
