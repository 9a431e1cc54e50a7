// Changes, code and rows on their way between engines.
#include <gtest/gtest.h>

#include <set>

#include "tests/registry/shared/fixture.h"

namespace convoke::shared_registry {
namespace {

TEST_F(SharedRegistry, AnEngineSeesWhatAnotherHasChangedInTheSameOrder) {
  FakeEngine a(loop_, server_, "a");
  FakeEngine b(loop_, server_, "b");
  start(a);
  start(b);
  EXPECT_EQ(a.make(CreateService{"s", {}}), 1U);
  EXPECT_EQ(a.make(new_function("f", "one")), 2U);
  EXPECT_EQ(a.make(PutLimit{"s", "", "f", 3}), 3U);
  EXPECT_EQ(a.make(PutAsyncConfig{"s", "", "f", {}}), 4U);
  turn_until([&] { return b.directory.version() == 4; });
  EXPECT_EQ(b.versions, (std::vector<std::uint64_t>{1, 2, 3, 4}));
  EXPECT_EQ(b.directory.limit_of(FunctionId{2}), 3U);
  EXPECT_TRUE(b.directory.async_config_of(FunctionId{2}, ""));
}

TEST_F(SharedRegistry, WhatAnotherEngineHasAnsweredIsKnownToTheNextChangeHere) {
  FakeEngine a(loop_, server_, "a");
  FakeEngine b(loop_, server_, "b");
  start(a);
  start(b);
  a.make(CreateService{"s", {}});
  const Result<Change> again = b.get(CreateService{"s", {}});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kServiceAlreadyExists);
}

TEST_F(SharedRegistry, ChangesThatMeetAreAllMadeOnceEach) {
  FakeEngine a(loop_, server_, "a");
  FakeEngine b(loop_, server_, "b");
  start(a);
  start(b);
  a.make(CreateService{"first", {}});
  turn_until([&] { return b.directory.version() == 1; });
  std::vector<FakeEngine::Answer> answers;
  constexpr std::size_t kEach = 40;
  for (std::size_t i = 0; i < kEach; ++i) {
    answers.push_back(a.ask(CreateService{"a" + std::to_string(i), {}}));
    answers.push_back(b.ask(CreateService{"b" + std::to_string(i), {}}));
  }
  std::set<std::uint64_t> versions;
  for (const FakeEngine::Answer& answer : answers) {
    turn_until([&] { return answer->has_value(); });
    ASSERT_TRUE((*answer)->ok()) << (*answer)->error().message;
    versions.insert((**answer)->version);
  }
  EXPECT_EQ(versions.size(), 2 * kEach);
  EXPECT_EQ(*versions.rbegin(), 1 + 2 * kEach);
  turn_until([&] {
    return a.directory.services() == 1 + 2 * kEach && b.directory.services() == 1 + 2 * kEach;
  });
  EXPECT_EQ(a.versions, b.versions);
}

TEST_F(SharedRegistry, OfTwoEnginesThatMakeTheSameOneIsRefused) {
  FakeEngine a(loop_, server_, "a");
  FakeEngine b(loop_, server_, "b");
  start(a);
  start(b);
  const FakeEngine::Answer one = a.ask(CreateService{"s", {}});
  const FakeEngine::Answer two = b.ask(CreateService{"s", {}});
  turn_until([&] { return one->has_value() && two->has_value(); });
  EXPECT_NE((*one)->ok(), (*two)->ok());
}

TEST_F(SharedRegistry, AnEngineThatStartsKnowsAllThatThereIs) {
  FakeEngine a(loop_, server_, "a");
  start(a);
  a.make(CreateService{"s", {}});
  a.make(new_function("f", "one"));
  a.make(PutLimit{"s", "", "f", 0});
  FakeEngine b(loop_, server_, "b");
  start(b);
  const FunctionPtr function = b.directory.find_function("s", "f");
  ASSERT_TRUE(function);
  EXPECT_EQ(b.directory.limit_of(function->id), 0U);
  EXPECT_EQ(content_of(function->code.directory + "/bootstrap"), "one");
  EXPECT_EQ(b.make(CreateService{"t", {}}), 4U);
}

TEST_F(SharedRegistry, CodeIsFetchedAndUnpackedBeforeTheChangeIsTold) {
  FakeEngine a(loop_, server_, "a");
  FakeEngine b(loop_, server_, "b");
  start(a);
  start(b);
  a.make(CreateService{"s", {}});
  std::string large(5'500'000, '\0');  // more than one piece
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * i >> 8);
  a.make(new_function("f", large));
  a.make(CreateService{"after", {}});
  turn_until([&] { return b.directory.version() == 3; });
  const FunctionPtr here = a.directory.find_function("s", "f");
  const FunctionPtr there = b.directory.find_function("s", "f");
  ASSERT_TRUE(here && there);
  EXPECT_NE(there->code.directory, here->code.directory);
  EXPECT_EQ(there->code.checksum, here->code.checksum);
  EXPECT_TRUE(content_of(there->code.directory + "/bootstrap") == large);
  EXPECT_EQ(checksum_of(b.zip_of(there)), here->code.checksum);
}

TEST_F(SharedRegistry, AnEngineDoesNotStartWithoutCodeThatTheServerHasLost) {
  FakeEngine a(loop_, server_, "a");
  start(a);
  a.make(CreateService{"s", {}});
  a.make(new_function("f", "one"));
  const FunctionPtr function = a.directory.find_function("s", "f");
  const std::string key = keys_.code(code_name(function->code));
  server_.ask({"UNLINK", key});
  FakeEngine b(loop_, server_, "b");
  b.begin_loading();
  turn_until([&] { return b.loading().trouble().has_value(); });
  EXPECT_NE(b.loading().trouble()->message.find("does not have the code"), std::string::npos);
  server_.ask({"RPUSH", key, a.zip_of(function)});
  turn_until([&] { return b.loading().done(); });
  b.serve();
  EXPECT_EQ(content_of(b.directory.find_function("s", "f")->code.directory + "/bootstrap"), "one");
}

TEST_F(SharedRegistry, CodeThatNobodyCanCommitAnyMoreGoesByItself) {
  FakeEngine a(loop_, server_, "a");
  start(a);
  a.make(CreateService{"s", {}});
  a.make(new_function("before", "one"));  // its scripts are known to the server from now on
  const auto codes_kept = [&](const char* ttl_is) {
    return server_.ask({"EVAL",
                        "local n = 0; for _, key in ipairs(redis.call('KEYS', ARGV[1])) do "
                        "local ttl = redis.call('TTL', key) "
                        "if (ttl < 0) == (ARGV[2] == 'never') then n = n + 1 end end return n",
                        "0", keys_.code("*"), ttl_is});
  };
  EXPECT_EQ(codes_kept("never"), "1");
  a.lose_all_after(keys_.code(""));
  const auto answer = a.ask(new_function("f", "two"));
  turn_until([&] { return codes_kept("some time") == "1" || codes_kept("never") == "2"; });
  EXPECT_EQ(codes_kept("never"), "1") << "a piece was put there to stay";
  EXPECT_FALSE(*answer);
}

TEST_F(SharedRegistry, CodeThatIsReplacedOrDeletedLeavesTheServer) {
  FakeEngine a(loop_, server_, "a");
  start(a);
  const auto codes = [&] {
    return server_.ask({"EVAL", "return #redis.call('KEYS', ARGV[1])", "0", keys_.code("*")});
  };
  a.make(CreateService{"s", {}});
  a.make(new_function("f", "one"));
  EXPECT_EQ(codes(), "1");
  UpdateFunction update{"s", "f", new_function("f", "two").fields, {}};
  a.make(update);
  EXPECT_EQ(codes(), "1");
  update.fields.zip_base64.reset();
  update.fields.timeout_s = 9;
  a.make(update);
  EXPECT_EQ(codes(), "1");
  a.make(PutLimit{"s", "", "f", 1});
  a.make(PutLimit{"s", "q", "f", 1});
  a.make(PutAsyncConfig{"s", "q", "f", {}});
  a.make(DeleteFunction{"s", "f", {}});
  EXPECT_EQ(codes(), "0");
  for (const std::string* rows : {&keys_.functions, &keys_.limits, &keys_.async_configs}) {
    EXPECT_EQ(server_.ask({"HLEN", *rows}), "0") << *rows;
  }
}

TEST_F(SharedRegistry, CodeThatIsNeverCommittedVanishes) {
  FakeEngine a(loop_, server_, "a");
  start(a);
  EXPECT_EQ(a.get(new_function("f", "one")).error().code, ErrorCode::kServiceNotFound);
  a.make(CreateService{"s", {}});
  a.make(new_function("f", "one"));
  const FunctionPtr function = a.directory.find_function("s", "f");
  EXPECT_EQ(server_.ask({"TTL", keys_.code(code_name(function->code))}), "-1");
  EXPECT_EQ(a.get(new_function("f", "two")).error().code, ErrorCode::kFunctionAlreadyExists);
}

TEST_F(SharedRegistry, AChangeThatNobodyTellsIsFoundByTheNextBeat) {
  FakeEngine a(loop_, server_, "a");
  start(a);
  turn_until([&] { return a.has_lease(); });
  commit_silently(1, "s");
  const Instant from = loop_.now();
  turn_until([&] { return a.directory.find_service("s") != nullptr; });
  EXPECT_LT(loop_.now() - from, Seconds{4});  // of which a loaded machine takes some
}

TEST_F(SharedRegistry, WhereTheLogDoesNotReachBackAllRowsAreRead) {
  FakeEngine a(loop_, server_, "a");
  start(a);
  a.make(CreateService{"old", {}});
  server_.ask({"HDEL", keys_.services, "old"});
  commit_silently(7, "new");
  turn_until([&] { return a.directory.find_service("new") != nullptr; });
  EXPECT_FALSE(a.directory.find_service("old"));
  EXPECT_EQ(a.versions, (std::vector<std::uint64_t>{1, 7}));
  EXPECT_EQ(a.make(CreateService{"next", {}}), 8U);
}

TEST_F(SharedRegistry, CodeThatWasReplacedBeforeItWasFetchedIsPassedOver) {
  FakeEngine a(loop_, server_, "a");
  start(a);
  a.make(CreateService{"s", {}});
  a.make(new_function("f", "one"));
  FakeEngine b(loop_, server_, "b");
  start(b);
  // Two changes, of which b is not told before both are made; the first one's code has gone.
  a.make(UpdateFunction{"s", "f", new_function("f", "two").fields, {}});
  const std::string two(code_name(a.directory.find_function("s", "f")->code));
  server_.ask({"UNLINK", keys_.code(two)});
  a.make(UpdateFunction{"s", "f", new_function("f", "three").fields, {}});
  turn_until([&] { return b.directory.version() == 4; });
  EXPECT_EQ(content_of(b.directory.find_function("s", "f")->code.directory + "/bootstrap"),
            "three");
}

}  // namespace
}  // namespace convoke::shared_registry
