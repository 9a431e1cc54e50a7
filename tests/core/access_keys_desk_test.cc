// What the desk tells the shards of a file that changes, over a real file and a thread that is the
// test.
#include "core/access_keys_desk.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <deque>
#include <fstream>

#include "tests/registry/temp_dir.h"

namespace convoke {
namespace {

using Tasks = std::deque<std::function<void()>>;

struct ThreadOfTest final : IoThread {
  void run(std::function<void()> job, std::function<void()> done) override {
    jobs.push_back([job = std::move(job), done = std::move(done)] {
      job();
      done();
    });
  }
  Tasks jobs;
};

struct Door final : KeysDoor {
  explicit Door(Tasks& posted) : tasks(posted) {}
  void post(std::function<void()> task) override { tasks.push_back(std::move(task)); }
  void replace_keys(std::shared_ptr<const AccessKeys> keys) override {
    held = std::move(keys);
    ++replaced;
  }
  Tasks& tasks;
  std::shared_ptr<const AccessKeys> held;
  int replaced = 0;
};

struct AccessKeysDeskTest : testing::Test {
  AccessKeysDeskTest() {
    write("ada secret-1\n");
    desk = AccessKeysDesk(path, "1", *read_access_keys(path, "1"));
    desk.open({&first, &second}, thread);
  }
  void write(const std::string& text) {
    std::ofstream(path) << text;
    ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  }
  static void run_all(Tasks& tasks) {
    while (!tasks.empty()) {
      const auto task = std::move(tasks.front());
      tasks.pop_front();
      task();
    }
  }
  void look() {
    desk.look();
    run_all(thread.jobs);
    run_all(posted);
  }

  TempDir directory;
  std::string path = directory.path() + "/keys";
  Tasks posted;
  ThreadOfTest thread;
  Door first{posted};
  Door second{posted};
  AccessKeysDesk desk;
};

TEST_F(AccessKeysDeskTest, EveryShardGetsTheKeysOfAFileThatHasChangedOnce) {
  look();
  EXPECT_EQ(first.replaced, 0) << "nothing has changed";
  write("ada secret-2\n");
  look();
  look();
  for (const Door* door : {&first, &second}) {
    EXPECT_EQ(door->replaced, 1);
    ASSERT_NE(door->held, nullptr);
    EXPECT_EQ(door->held->find("ada")->secret, "secret-2");
  }
  EXPECT_EQ(first.held, second.held) << "one snapshot";
  EXPECT_EQ(desk.keys(), first.held);
}

TEST_F(AccessKeysDeskTest, AFileThatIsWrongChangesNothingUntilItIsGoodAgain) {
  const auto before = desk.keys();
  for (const char* text : {"ada\n", "", "ada secret-1\nada secret-2\n"}) {
    write(text);
    look();
    EXPECT_EQ(desk.keys(), before) << text;
    EXPECT_EQ(first.replaced, 0) << text;
  }
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  look();
  ASSERT_EQ(::unlink(path.c_str()), 0);
  look();
  EXPECT_EQ(first.replaced, 0);
  write("ada secret-1\n");
  look();
  EXPECT_EQ(first.held->find("ada")->secret, "secret-1");
}

TEST_F(AccessKeysDeskTest, OneLookIsUnderWayAtATime) {
  desk.look();
  desk.look();
  EXPECT_EQ(thread.jobs.size(), 1U);
  run_all(thread.jobs);
  desk.look();
  EXPECT_EQ(thread.jobs.size(), 1U);
}

TEST(AccessKeysFile, AnErrorNamesTheFileAndTheLine) {
  const TempDir directory;
  const std::string path = directory.path() + "/keys";
  std::ofstream(path) << "# one a line\nada\n";
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  EXPECT_EQ(read_access_keys(path, "1").error().message,
            path + ": line 2 is not 'ACCESS_KEY_ID SECRET [ACCOUNT_ID]'");
}

}  // namespace
}  // namespace convoke
