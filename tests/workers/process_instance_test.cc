#include "workers/process_instance.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

#include "tests/workers/fakes.h"
#include "workers/start_errors.h"

namespace convoke::test {
namespace {

using testing::Test;

// A link that does only what the test says.
class FakeLink final : public RuntimeLink {
 public:
  struct Record {
    LinkHost* host = nullptr;
    Process* process = nullptr;
    int reports = 0;
    int initializations = 0;
    std::vector<CallId> invoked;
    std::optional<Error> open_fails;
  };
  explicit FakeLink(Record& record) : record_(record) {}
  ~FakeLink() override { record_.host = nullptr; }

  Result<SpawnRequest> open(LinkHost& host) override {
    record_.host = &host;
    if (record_.open_fails) return *record_.open_fails;
    return SpawnRequest{{"/code/7/bootstrap"}, {}, "/code/7"};
  }
  void spawned(Process& process) override { record_.process = &process; }
  void on_listener(const ListenerReport&) override { ++record_.reports; }
  void initialize(const CallId&) override { ++record_.initializations; }
  void invoke(const Attempt& attempt) override { record_.invoked.push_back(attempt.id); }
  [[nodiscard]] std::string waiting_for() const override { return "Nobody has answered."; }
  [[nodiscard]] Error spawn_error(const SpawnFailure& failure) const override {
    return bootstrap_not_spawned(failure);
  }

 private:
  Record& record_;
};

class ProcessInstanceTest : public Test {
 protected:
  void make() {
    instance = std::make_unique<ProcessInstance>(
        function, "c-1", call_id(99), std::make_unique<FakeLink>(link),
        InstanceEdge{time, time.wheel, spawner, sink}, listener);
    instance->start();
  }
  void make_ready() {
    make();
    process().handler->on_spawned();
    link.host->link_up(12.5);
    ASSERT_EQ(listener.readies, 1);
  }
  FakeProcess& process() { return spawner.last(); }
  void exit_with(int code, int signal = 0) { process().handler->on_exited({code, signal}); }
  const Reply& reply(std::size_t i = 0) { return listener.replies.at(i).second; }

  std::shared_ptr<Function> function = a_function(Runtime::kCustom);
  VirtualTime time;
  FakeSpawner spawner;
  RecordingSink sink;
  RecordingListener listener;
  FakeLink::Record link;
  std::unique_ptr<ProcessInstance> instance;
};

// ---- starting

TEST_F(ProcessInstanceTest, IsReadyOnceTheLinkIsUp) {
  make();
  EXPECT_EQ(listener.readies, 0);
  process().handler->on_spawned();
  EXPECT_EQ(listener.readies, 0);
  link.host->link_up(30.5);
  EXPECT_EQ(listener.readies, 1);
  EXPECT_EQ(instance->memory_peak_mb(), 30.5);
}

TEST_F(ProcessInstanceTest, SamplesMemoryBeforeItIsReadyWhereTheLinkDoesNotKnowIt) {
  make();
  process().handler->on_spawned();
  link.host->link_up(0);
  EXPECT_EQ(listener.readies, 0);
  EXPECT_EQ(process().samples, 1);
  process().handler->on_memory(20);
  EXPECT_EQ(listener.readies, 1);
}

TEST_F(ProcessInstanceTest, ALinkThatIsUpBeforeTheLauncherSaysSpawnedIsNotForgotten) {
  make();
  link.host->link_up(8);
  EXPECT_EQ(listener.readies, 0);
  process().handler->on_spawned();
  EXPECT_EQ(listener.readies, 1);
}

TEST_F(ProcessInstanceTest, AStartThatCannotBeginSaysSoInALaterTurn) {
  link.open_fails = Error{ErrorCode::kResourceExhausted, "no port"};
  make();
  EXPECT_EQ(listener.gones, 0) << "never from inside start()";
  time.next_turn();
  ASSERT_EQ(listener.gones, 1);
  EXPECT_EQ(listener.gone->reason, GoneReason::kStartFailed);
  EXPECT_EQ(listener.gone->error.code, ErrorCode::kResourceExhausted);
}

struct SpawnCase {
  int errno_value;
  const char* step;
  ErrorCode code;
  const char* words;
};

class SpawnErrorTest : public ProcessInstanceTest, public testing::WithParamInterface<SpawnCase> {};

TEST_P(SpawnErrorTest, IsNamedAsFunctionComputeNamesIt) {
  make();
  process().handler->on_spawn_failed({GetParam().errno_value, GetParam().step});
  ASSERT_EQ(listener.gones, 1);
  EXPECT_EQ(listener.gone->reason, GoneReason::kStartFailed);
  EXPECT_EQ(listener.gone->error.code, GetParam().code);
  EXPECT_NE(listener.gone->error.message.find(GetParam().words), std::string::npos)
      << listener.gone->error.message;
}

INSTANTIATE_TEST_SUITE_P(
    Errno, SpawnErrorTest,
    testing::Values(
        SpawnCase{EACCES, "exec", ErrorCode::kCaFilePermission, "don't have execute permissions"},
        SpawnCase{ENOENT, "exec", ErrorCode::kCaFileNotFound, "no file 'bootstrap'"},
        SpawnCase{ENOENT, "interpreter", ErrorCode::kCaFileNotFound, "interpreter or loader"},
        SpawnCase{ENOENT, "chdir", ErrorCode::kCaFileNotFound, "code directory"},
        SpawnCase{ENOEXEC, "exec", ErrorCode::kCaExited, "exec format error"},
        SpawnCase{EMFILE, "setup", ErrorCode::kResourceExhausted, "(setup: Too many open files)"},
        SpawnCase{EAGAIN, "fork", ErrorCode::kResourceExhausted, "no process could be started"}));

TEST_F(ProcessInstanceTest, AnExitDuringTheStartIsCAExitedWithTheEndOfItsLog) {
  make();
  process().handler->on_spawned();
  process().handler->on_output(OutputStream::kStderr, "cannot find libfoo\n");
  time.pass(Millis{40});
  exit_with(3);
  ASSERT_EQ(listener.gones, 1);
  EXPECT_EQ(listener.gone->reason, GoneReason::kStartFailed);
  EXPECT_EQ(listener.gone->error.code, ErrorCode::kCaExited);
  EXPECT_EQ(listener.gone->error.message,
            "The CA process either cannot be started or exited:ContainerStartDuration:40000000. "
            "exit status 3 Logs : cannot find libfoo");
}

TEST_F(ProcessInstanceTest, AStartOf120SecondsIsKilledThenReportedAsFunctionNotStarted) {
  make();
  process().handler->on_spawned();
  process().handler->on_output(OutputStream::kStdout, "loading\n");
  time.pass(Seconds{120} - Millis{1});
  EXPECT_TRUE(process().signals.empty());
  time.pass(Millis{2});
  EXPECT_EQ(process().signals, std::vector{SIGKILL});
  EXPECT_EQ(listener.gones, 0) << "the process group is not dead yet";
  link.host->link_up(1);  // too late
  exit_with(0, SIGKILL);
  EXPECT_EQ(listener.readies, 0);
  ASSERT_EQ(listener.gones, 1);
  EXPECT_EQ(listener.gone->error.code, ErrorCode::kFunctionNotStarted);
  EXPECT_NE(listener.gone->error.message.find("Nobody has answered. Logs : loading"),
            std::string::npos);
}

TEST_F(ProcessInstanceTest, ALauncherThatNeverAnswersEndsTheStartToo) {
  make();
  time.pass(Seconds{121});
  ASSERT_EQ(listener.gones, 1);
  EXPECT_EQ(listener.gone->error.code, ErrorCode::kFunctionNotStarted);
  EXPECT_TRUE(process().killed_by_destruction);
}

TEST_F(ProcessInstanceTest, ALinkThatWillNeverBeUpKillsTheProcessAndSaysWhy) {
  make();
  process().handler->on_spawned();
  link.host->link_failed("Port 9 is held by another.");
  EXPECT_EQ(process().signals, std::vector{SIGKILL});
  process().handler->on_listener({});
  EXPECT_EQ(link.reports, 0) << "the verdict has been given";
  exit_with(0, SIGKILL);
  EXPECT_EQ(listener.gone->error.code, ErrorCode::kFunctionNotStarted);
  EXPECT_NE(listener.gone->error.message.find("Port 9 is held by another."), std::string::npos);
}

TEST_F(ProcessInstanceTest, TheLogInAnErrorIsAlwaysLegalUtf8) {
  make();
  process().handler->on_spawned();
  process().handler->on_output(OutputStream::kStdout, "caf\xe9\n");
  exit_with(1);
  EXPECT_NE(listener.gone->error.message.find("Logs : caf?"), std::string::npos);
}

// ---- the initializer

class InitializerTest : public ProcessInstanceTest {
 protected:
  void SetUp() override {
    function->spec.initializer = "index.init";
    function->spec.initialization_timeout = Seconds{5};
    make();
    process().handler->on_spawned();
    link.host->link_up(10);
    ASSERT_EQ(listener.readies, 0);
    ASSERT_EQ(link.initializations, 1);
  }
};

TEST_F(InitializerTest, RunsOnceBeforeTheInstanceIsReady) {
  link.host->initialized(std::nullopt);
  EXPECT_EQ(listener.readies, 1);
  instance->invoke(attempt_of(call_id(1)));
  EXPECT_EQ(link.initializations, 1);
  EXPECT_EQ(link.invoked.size(), 1U);
}

TEST_F(InitializerTest, ItsFailureIsTheAnswerOfTheCallThatWaitedThenTheInstanceEnds) {
  link.host->initialized(R"({"errorMessage":"no database"})");
  EXPECT_EQ(listener.readies, 1);
  instance->invoke(attempt_of(call_id(1)));
  EXPECT_TRUE(listener.replies.empty()) << "never from inside invoke()";
  time.next_turn();
  ASSERT_EQ(listener.replies.size(), 1U);
  EXPECT_EQ(reply().body, R"({"errorMessage":"no database"})");
  EXPECT_EQ(reply().function_error, FunctionError::kUnhandled);
  EXPECT_TRUE(reply().instance_is_going);
  EXPECT_TRUE(link.invoked.empty()) << "the handler must not run uninitialized";
  EXPECT_EQ(process().signals, std::vector{SIGKILL});
  exit_with(0, SIGKILL);
  EXPECT_EQ(listener.gone->reason, GoneReason::kExited);
}

TEST_F(InitializerTest, ALateOneCountsAsFailed) {
  time.pass(Seconds{5} + Millis{1});
  EXPECT_EQ(listener.readies, 1);
  link.host->initialized(std::nullopt);  // too late
  instance->invoke(attempt_of(call_id(1)));
  time.next_turn();
  ASSERT_EQ(listener.replies.size(), 1U);
  EXPECT_NE(reply().body.find("initialization timed out after 5 seconds"), std::string::npos);
}

TEST_F(InitializerTest, AProcessThatDiesInItIsCAExited) {
  exit_with(1);
  EXPECT_EQ(listener.gone->reason, GoneReason::kStartFailed);
  EXPECT_EQ(listener.gone->error.code, ErrorCode::kCaExited);
}

// ---- calls

TEST_F(ProcessInstanceTest, AnAnswerIsTheReply) {
  make_ready();
  instance->invoke(attempt_of(call_id(1)));
  EXPECT_EQ(link.invoked, std::vector{call_id(1)});
  link.host->answered(call_id(1), "done", FunctionError::kNone);
  ASSERT_EQ(listener.replies.size(), 1U);
  EXPECT_EQ(listener.replies[0].first, call_id(1));
  EXPECT_EQ(reply().body, "done");
  EXPECT_EQ(reply().memory_peak_mb, 12.5);
  EXPECT_FALSE(reply().instance_is_going);
}

TEST_F(ProcessInstanceTest, ASecondAnswerChangesNothing) {
  make_ready();
  instance->invoke(attempt_of(call_id(1)));
  link.host->answered(call_id(1), "done", FunctionError::kNone);
  link.host->answered(call_id(1), "again", FunctionError::kNone);
  link.host->lost(call_id(1), Error{}, Begun::kPerhaps);
  time.pass(Seconds{1});
  EXPECT_EQ(listener.replies.size(), 1U);
}

TEST_F(ProcessInstanceTest, TheNextCallMayBeHandedOverFromInsideAReply) {
  make_ready();
  listener.when_replied = [&](const CallId& id) {
    if (id == call_id(1)) instance->invoke(attempt_of(call_id(2)));
  };
  instance->invoke(attempt_of(call_id(1)));
  link.host->answered(call_id(1), "1", FunctionError::kNone);
  link.host->answered(call_id(2), "2", FunctionError::kNone);
  EXPECT_EQ(listener.replies.size(), 2U);
}

TEST_F(ProcessInstanceTest, ABadAnswerIsASystemErrorAndTheInstanceGoesOn) {
  make_ready();
  instance->invoke(attempt_of(call_id(1)));
  link.host->answered_badly(call_id(1), Error{ErrorCode::kBadResponse, "not HTTP"});
  ASSERT_TRUE(reply().system_error.has_value());
  EXPECT_EQ(reply().system_error->code, ErrorCode::kBadResponse);
  instance->invoke(attempt_of(call_id(2)));
  EXPECT_EQ(link.invoked.size(), 2U);
}

TEST_F(ProcessInstanceTest, MemoryIsSampledAgainAfterACallOnlyIfTheLastSampleIsOld) {
  make_ready();
  instance->invoke(attempt_of(call_id(1)));
  link.host->answered(call_id(1), "", FunctionError::kNone);
  EXPECT_EQ(process().samples, 0);
  time.pass(Seconds{1});
  instance->invoke(attempt_of(call_id(2)));
  link.host->answered(call_id(2), "", FunctionError::kNone);
  EXPECT_EQ(process().samples, 1);
  instance->invoke(attempt_of(call_id(3)));
  link.host->answered(call_id(3), "", FunctionError::kNone);
  EXPECT_EQ(process().samples, 1) << "one is under way";
  process().handler->on_memory(50);
  process().handler->on_memory(40);
  EXPECT_EQ(instance->memory_peak_mb(), 50) << "a peak does not fall";
}

TEST_F(ProcessInstanceTest, TheLogTailHoldsWhatThePipesHeldWhenTheAnswerCame) {
  make_ready();
  Attempt attempt = attempt_of(call_id(1));
  attempt.wants_log_tail = true;
  instance->invoke(attempt);
  process().handler->on_output(OutputStream::kStdout, "one\ntw");
  process().in_the_pipe = "o\nthree";
  link.host->answered(call_id(1), "", FunctionError::kNone);
  EXPECT_EQ(reply().log_tail, "one\ntwo\nthree\n");
}

TEST_F(ProcessInstanceTest, AQuietFunctionIsNotAskedForItsOutputAtEachCall) {
  make_ready();
  for (std::uint64_t i = 1; i <= 5; ++i) {
    instance->invoke(attempt_of(call_id(i)));
    link.host->answered(call_id(i), "", FunctionError::kNone);
  }
  EXPECT_LE(process().drains, 1);
}

TEST_F(ProcessInstanceTest, ATalkativeFunctionsLinesStayWithTheirCalls) {
  make_ready();
  for (std::uint64_t i = 1; i <= 3; ++i) {
    instance->invoke(attempt_of(call_id(i)));
    process().in_the_pipe = "line " + std::to_string(i) + "\n";
    link.host->answered(call_id(i), "", FunctionError::kNone);
  }
  ASSERT_EQ(sink.lines.size(), 3U);
  for (std::uint64_t i = 1; i <= 3; ++i) EXPECT_EQ(sink.lines[i - 1].call, call_id(i));
}

// ---- death

TEST_F(ProcessInstanceTest, ADeathDuringACallIsItsUnhandledErrorWithDurationAndMemory) {
  make_ready();
  instance->invoke(attempt_of(call_id(1)));
  time.pass(Millis{9});
  exit_with(0, SIGSEGV);
  link.host->lost(call_id(1), Error{ErrorCode::kBadResponse, "reset"}, Begun::kPerhaps);
  ASSERT_EQ(listener.replies.size(), 1U);
  EXPECT_EQ(reply().body,
            R"x({"errorMessage":"Process exited unexpectedly before completing request )x"
            R"x((duration: 9ms, maxMemoryUsage: 12.50MB)"})x");
  EXPECT_EQ(reply().function_error, FunctionError::kUnhandled);
  EXPECT_TRUE(reply().instance_is_going);
  ASSERT_EQ(listener.gones, 1);
  EXPECT_EQ(listener.gone->reason, GoneReason::kExited);
}

TEST_F(ProcessInstanceTest, ADeathIsRecognizedWhenTheConnectionGoesFirst) {
  make_ready();
  instance->invoke(attempt_of(call_id(1)));
  link.host->lost(call_id(1), Error{ErrorCode::kBadResponse, "reset"}, Begun::kPerhaps);
  EXPECT_TRUE(listener.replies.empty());
  time.pass(Millis{20});
  exit_with(1);
  EXPECT_NE(reply().body.find("Process exited unexpectedly"), std::string::npos);
}

TEST_F(ProcessInstanceTest, AConnectionLostByAProcessThatLivesOnIsABadResponse) {
  make_ready();
  instance->invoke(attempt_of(call_id(1)));
  link.host->lost(call_id(1), Error{ErrorCode::kBadResponse, "reset"}, Begun::kPerhaps);
  time.pass(kVerdictMax + Millis{1});
  ASSERT_EQ(listener.replies.size(), 1U);
  EXPECT_EQ(reply().system_error->code, ErrorCode::kBadResponse);
  EXPECT_EQ(listener.gones, 0);
  instance->invoke(attempt_of(call_id(2)));
  EXPECT_EQ(link.invoked.size(), 2U);
}

TEST_F(ProcessInstanceTest, AnAnswerWrittenJustBeforeDeathStillCounts) {
  make_ready();
  instance->invoke(attempt_of(call_id(1)));
  exit_with(0);
  EXPECT_TRUE(listener.replies.empty()) << "its answer may still be in the socket";
  link.host->answered(call_id(1), "last words", FunctionError::kNone);
  ASSERT_EQ(listener.replies.size(), 1U);
  EXPECT_EQ(reply().body, "last words");
  EXPECT_TRUE(reply().instance_is_going);
  EXPECT_EQ(listener.gones, 1);
}

TEST_F(ProcessInstanceTest, ADeathWhoseConnectionStaysSilentIsToldAfterTheVerdictTime) {
  make_ready();
  instance->invoke(attempt_of(call_id(1)));
  exit_with(0, SIGKILL);
  time.pass(kVerdictMax + Millis{1});
  EXPECT_NE(reply().body.find("Process exited unexpectedly"), std::string::npos);
  EXPECT_EQ(listener.gones, 1);
}

TEST_F(ProcessInstanceTest, ADeathBetweenCallsIsJustGone) {
  make_ready();
  exit_with(0);
  EXPECT_TRUE(listener.replies.empty());
  EXPECT_EQ(listener.gone->reason, GoneReason::kExited);
}

TEST_F(ProcessInstanceTest, ACallHandedToADyingInstanceIsNotBlamedOnTheFunction) {
  make_ready();
  listener.when_replied = [&](const CallId& id) {
    if (id == call_id(1)) instance->invoke(attempt_of(call_id(2)));
  };
  instance->invoke(attempt_of(call_id(1)));
  exit_with(1);
  link.host->lost(call_id(1), Error{}, Begun::kPerhaps);
  ASSERT_EQ(listener.replies.size(), 2U);
  EXPECT_EQ(reply(1).system_error->code, ErrorCode::kServiceUnavailable);
  EXPECT_TRUE(reply(1).instance_is_going);
  EXPECT_EQ(listener.gones, 1);
}

TEST_F(ProcessInstanceTest, EveryCallInsideIsAnsweredOnceBeforeGone) {
  function->spec.instance_concurrency = 3;
  make_ready();
  for (std::uint64_t i = 1; i <= 3; ++i) instance->invoke(attempt_of(call_id(i)));
  listener.when_gone = [&] { EXPECT_EQ(listener.replies.size(), 3U); };
  exit_with(1);
  link.host->lost(call_id(2), Error{}, Begun::kPerhaps);
  time.pass(kVerdictMax + Millis{1});
  EXPECT_EQ(listener.replies.size(), 3U);
  EXPECT_EQ(listener.gones, 1);
}

TEST_F(ProcessInstanceTest, ABrokenLinkIsADeadProcess) {
  make_ready();
  instance->invoke(attempt_of(call_id(1)));
  link.host->link_broken({});
  link.host->link_broken({});
  EXPECT_EQ(process().signals, std::vector{SIGKILL});
  exit_with(0, SIGKILL);
  EXPECT_NE(reply().body.find("Process exited unexpectedly"), std::string::npos);
  EXPECT_EQ(listener.gones, 1);
}

TEST_F(ProcessInstanceTest, OfTheCallsInABrokenLinkThoseUnreadHaveNotBegun) {
  function->spec.instance_concurrency = 3;
  make_ready();
  for (std::uint64_t i = 1; i <= 3; ++i) instance->invoke(attempt_of(call_id(i)));
  link.host->link_broken({call_id(2)});
  exit_with(0, SIGKILL);
  ASSERT_EQ(listener.replies.size(), 3U);
  EXPECT_NE(reply(0).body.find("Process exited unexpectedly"), std::string::npos);
  EXPECT_FALSE(reply(0).never_began);
  EXPECT_TRUE(reply(1).never_began);
  EXPECT_EQ(reply(1).system_error.value().code, ErrorCode::kServiceUnavailable);
  EXPECT_FALSE(reply(2).never_began);
}

TEST_F(ProcessInstanceTest, ALinkThatBreaksAfterTheDeathIsTheVerdict) {
  make_ready();
  instance->invoke(attempt_of(call_id(1)));
  exit_with(0, SIGKILL);
  link.host->link_broken({call_id(1)});
  EXPECT_TRUE(listener.replies.empty()) << "never from inside the link's call";
  time.pass(Millis{1});
  ASSERT_EQ(listener.replies.size(), 1U);
  EXPECT_TRUE(reply().never_began);
  EXPECT_EQ(listener.gones, 1);
}

TEST_F(ProcessInstanceTest, ACallThatWasNotSentToAProcessThatLivesIsABadResponse) {
  make_ready();
  instance->invoke(attempt_of(call_id(1)));
  link.host->lost(call_id(1), Error{ErrorCode::kBadResponse, "refused"}, Begun::kCertainlyNot);
  time.pass(kUnbegunVerdictMax + Millis{1});
  ASSERT_EQ(listener.replies.size(), 1U);
  EXPECT_EQ(reply().system_error.value().message, "refused");
  EXPECT_FALSE(reply().never_began) << "it would come here again";
}

TEST_F(ProcessInstanceTest, ACallThatWasNotSentHasNotBegunWhenTheProcessIsDead) {
  make_ready();
  instance->invoke(attempt_of(call_id(1)));
  link.host->lost(call_id(1), Error{ErrorCode::kBadResponse, "refused"}, Begun::kCertainlyNot);
  time.pass(Seconds{1});  // a machine under load
  exit_with(0, SIGKILL);
  ASSERT_EQ(listener.replies.size(), 1U);
  EXPECT_TRUE(reply().never_began);
  EXPECT_TRUE(reply().instance_is_going);
}

// ---- stopping

TEST_F(ProcessInstanceTest, AGracefulStopIsSigtermAndWhenIgnoredSigkillAfter500Ms) {
  make_ready();
  instance->stop(StopHow::kGraceful);
  instance->stop(StopHow::kGraceful);
  EXPECT_EQ(process().signals, std::vector{SIGTERM});
  time.pass(Millis{499});
  EXPECT_EQ(process().signals.size(), 1U);
  time.pass(Millis{2});
  EXPECT_EQ(process().signals, (std::vector{SIGTERM, SIGKILL}));
  exit_with(0, SIGKILL);
  EXPECT_EQ(listener.gone->reason, GoneReason::kStopped);
}

TEST_F(ProcessInstanceTest, AProcessThatHeedsSigtermIsNotKilled) {
  make_ready();
  instance->stop(StopHow::kGraceful);
  exit_with(0, SIGTERM);
  time.pass(Seconds{2});
  EXPECT_EQ(process().signals, std::vector{SIGTERM});
  EXPECT_EQ(listener.gones, 1);
}

TEST_F(ProcessInstanceTest, AKillIsAtOnceAlsoInsideTheGrace) {
  make_ready();
  instance->stop(StopHow::kGraceful);
  instance->stop(StopHow::kKill);
  EXPECT_EQ(process().signals, (std::vector{SIGTERM, SIGKILL}));
  time.pass(Seconds{2});
  EXPECT_EQ(process().signals.size(), 2U);
}

TEST_F(ProcessInstanceTest, CallsInsideAStoppedInstanceGetASystemErrorUnlessAnsweredFirst) {
  function->spec.instance_concurrency = 2;
  make_ready();
  instance->invoke(attempt_of(call_id(1)));
  instance->invoke(attempt_of(call_id(2)));
  instance->stop(StopHow::kGraceful);
  link.host->answered(call_id(1), "in time", FunctionError::kNone);
  exit_with(0, SIGTERM);
  link.host->lost(call_id(2), Error{}, Begun::kPerhaps);
  ASSERT_EQ(listener.replies.size(), 2U);
  EXPECT_EQ(reply(0).body, "in time");
  EXPECT_EQ(reply(1).system_error->code, ErrorCode::kServiceUnavailable);
  EXPECT_EQ(listener.gone->reason, GoneReason::kStopped);
}

TEST_F(ProcessInstanceTest, AStopBeforeTheProcessExistsIsCarriedOutWhenItDoes) {
  make();
  instance->stop(StopHow::kGraceful);
  EXPECT_TRUE(process().signals.empty());
  process().handler->on_spawned();
  EXPECT_EQ(process().signals, std::vector{SIGTERM});
  link.host->link_up(1);
  exit_with(0, SIGTERM);
  EXPECT_EQ(listener.readies, 0);
  EXPECT_EQ(listener.gone->reason, GoneReason::kStopped);
}

TEST_F(ProcessInstanceTest, AStopOfAStartThatFailsAnywayIsStopped) {
  make();
  instance->stop(StopHow::kKill);
  process().handler->on_spawn_failed({ENOENT, "exec"});
  EXPECT_EQ(listener.gone->reason, GoneReason::kStopped);
}

// ---- lifetime

TEST_F(ProcessInstanceTest, MayBeDestroyedFromInsideOnGone) {
  make_ready();
  listener.when_gone = [&] { instance.reset(); };
  instance->invoke(attempt_of(call_id(1)));
  exit_with(1);
  link.host->lost(call_id(1), Error{}, Begun::kPerhaps);
  EXPECT_EQ(instance, nullptr);
  EXPECT_EQ(listener.gones, 1);
}

TEST_F(ProcessInstanceTest, DestructionKillsTheProcessAndIsSilent) {
  make_ready();
  instance->invoke(attempt_of(call_id(1)));
  instance->stop(StopHow::kGraceful);
  instance.reset();
  EXPECT_TRUE(process().killed_by_destruction);
  time.pass(Seconds{200});
  EXPECT_TRUE(listener.replies.empty());
  EXPECT_EQ(listener.gones, 0);
  EXPECT_EQ(time.wheel.size(), 0U);
}

}  // namespace
}  // namespace convoke::test
