#include "core/loop/state_lock.h"

#include <unistd.h>

#include <thread>

#include "tests/loop/fixture.h"

namespace convoke {
namespace {

TEST(StateLock, ASecondEngineIsToldTheFirstOnesProcess) {
  const TemporaryDirectory directory;
  auto first = StateLock::take(directory.path());
  ASSERT_TRUE(first.ok());
  const auto second = StateLock::take(directory.path());
  ASSERT_FALSE(second.ok());
  const std::string& message = second.error().message;
  EXPECT_NE(message.find(std::to_string(getpid())), std::string::npos) << message;
  EXPECT_NE(message.find(directory.path()), std::string::npos) << message;
  first->reset();
  EXPECT_TRUE(StateLock::take(directory.path()).ok());
}

TEST(StateLock, IsWaitedForForALimitedTime) {
  const TemporaryDirectory directory;
  auto first = StateLock::take(directory.path());
  ASSERT_TRUE(first.ok());
  EXPECT_FALSE(StateLock::take(directory.path(), Millis{50}).ok());
  std::thread holder([&first] {
    std::this_thread::sleep_for(Millis{50});
    first->reset();
  });
  EXPECT_TRUE(StateLock::take(directory.path(), Seconds{30}).ok());
  holder.join();
}

TEST(StateLock, AMissingDirectoryIsAnErrorThatNamesIt) {
  const auto lock = StateLock::take("/no/such/directory");
  ASSERT_FALSE(lock.ok());
  EXPECT_NE(lock.error().message.find("/no/such/directory"), std::string::npos);
}

}  // namespace
}  // namespace convoke
