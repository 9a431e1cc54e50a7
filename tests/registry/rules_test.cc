#include "core/registry/rules.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

FunctionFields python() {
  FunctionFields fields;
  fields.runtime = "python3";
  fields.handler = "index.handler";
  return fields;
}

bool only_pi(std::string_view handler) { return handler == "pi"; }

std::string verdict(const FunctionFields& fields, const InProcessHandlers& in_process = {}) {
  Function function;
  const Result<void> applied = apply_fields(fields, function, in_process);
  if (applied) return "ok";
  EXPECT_EQ(applied.error().code, ErrorCode::kInvalidArgument);
  return applied.error().message;
}

std::string verdict(std::optional<std::int64_t> FunctionFields::*member, std::int64_t value) {
  FunctionFields fields = python();
  fields.*member = value;
  return verdict(fields);
}

bool mentions(const std::string& message, std::string_view what) {
  return message.find(what) != std::string::npos;
}

TEST(Rules, ServiceNames) {
  for (const std::string& name : {std::string("a"), std::string("_x-1"), std::string(128, 'a')})
    EXPECT_TRUE(check_service_name(name)) << name;
  for (const std::string& name :
       {std::string(), std::string("1a"), std::string("-a"), std::string("a.b"), std::string("a b"),
        std::string("\xc3\xbc"), std::string("a/b"), std::string(129, 'a'), std::string("a\0", 2)})
    EXPECT_FALSE(check_service_name(name)) << name;
}

TEST(Rules, FunctionNamesAreShorter) {
  EXPECT_TRUE(check_function_name(std::string(64, 'a')));
  EXPECT_FALSE(check_function_name(std::string(65, 'a')));
  EXPECT_FALSE(check_function_name("9lives"));
}

TEST(Rules, AQualifierMayBeginWithADigit) {
  EXPECT_TRUE(check_qualifier("1"));
  EXPECT_TRUE(check_qualifier(""));
  EXPECT_TRUE(check_qualifier("LATEST"));
  EXPECT_FALSE(check_qualifier("a.b"));
  EXPECT_FALSE(check_qualifier(std::string(129, 'a')));
}

TEST(Rules, AMessageShowsWhatWasSentWithoutItsControlCharacters) {
  const Error error = check_service_name("a\nb\xff").error();
  EXPECT_TRUE(mentions(error.message, "serviceName"));
  EXPECT_TRUE(mentions(error.message, "actual: 'a?b?'"));
}

TEST(Rules, Runtimes) {
  EXPECT_EQ(parse_runtime("custom"), Runtime::kCustom);
  EXPECT_EQ(parse_runtime("python3"), Runtime::kPython3);
  EXPECT_EQ(parse_runtime("python3.9"), Runtime::kPython3);
  EXPECT_EQ(parse_runtime("python3.12"), Runtime::kPython3);
  EXPECT_EQ(parse_runtime("in-process"), Runtime::kInProcess);
  for (const std::string_view name :
       {"", "python", "python2.7", "python3.", "python3.x", "python3.123", "nodejs12", "Custom"})
    EXPECT_EQ(parse_runtime(name), std::nullopt) << name;
}

TEST(Rules, AnUnknownRuntimeIsRefusedByItsPublicMessage) {
  FunctionFields fields = python();
  fields.runtime = "cobol";
  EXPECT_EQ(verdict(fields),
            "Runtime is set to an invalid value (allowed: custom | python3, actual: 'cobol')");
}

TEST(Rules, TheRuntimeComesBackAsItWasWritten) {
  FunctionFields fields = python();
  fields.runtime = "python3.9";
  Function function;
  ASSERT_TRUE(apply_fields(fields, function, {}));
  EXPECT_EQ(function.spec.runtime, Runtime::kPython3);
  EXPECT_EQ(function.spec.runtime_name, "python3.9");
}

TEST(Rules, InProcessNeedsAHandlerThatTheProgramRegistered) {
  FunctionFields fields;
  fields.runtime = "in-process";
  fields.handler = "pi";
  EXPECT_TRUE(mentions(verdict(fields), "Runtime is set to an invalid value"));
  EXPECT_EQ(verdict(fields, only_pi), "ok");
  fields.handler = "tau";
  EXPECT_TRUE(mentions(verdict(fields, only_pi), "'tau' is not registered"));
}

TEST(Rules, NumbersHaveTheirRanges) {
  struct Range {
    std::optional<std::int64_t> FunctionFields::*member;
    const char* name;
    std::int64_t min;
    std::int64_t max;
  };
  for (const Range& range :
       {Range{&FunctionFields::timeout_s, "timeout", 1, 86'400},
        Range{&FunctionFields::initialization_timeout_s, "initializationTimeout", 1, 300},
        Range{&FunctionFields::memory_mb, "memorySize", 128, 32'768},
        Range{&FunctionFields::instance_concurrency, "instanceConcurrency", 1, 200},
        Range{&FunctionFields::ca_port, "caPort", 1, 65'535}}) {
    EXPECT_EQ(verdict(range.member, range.min), "ok") << range.name;
    EXPECT_EQ(verdict(range.member, range.max), "ok") << range.name;
    EXPECT_TRUE(mentions(verdict(range.member, range.min - 1), range.name));
    EXPECT_TRUE(mentions(verdict(range.member, range.max + 1), range.name));
    EXPECT_TRUE(mentions(verdict(range.member, INT64_MAX), range.name));
    EXPECT_TRUE(mentions(verdict(range.member, INT64_MIN), range.name));
  }
}

TEST(Rules, PythonHandlersNameAModuleAndAFunction) {
  FunctionFields fields = python();
  for (const char* handler : {"index.handler", "folder/index.handler", "a.b.c"}) {
    fields.handler = handler;
    EXPECT_EQ(verdict(fields), "ok") << handler;
  }
  for (const char* handler :
       {"", "handler", ".handler", "index.", "index.a/b", "folder/.f", "a\n.b"}) {
    fields.handler = handler;
    EXPECT_TRUE(mentions(verdict(fields), "handler is set to an invalid value")) << handler;
  }
  fields.handler = "index.handler";
  fields.initializer = "nodot";
  EXPECT_TRUE(mentions(verdict(fields), "initializer is set to an invalid value"));
}

TEST(Rules, ACustomRuntimeTakesAnyHandler) {
  FunctionFields fields;
  fields.runtime = "custom";
  EXPECT_EQ(verdict(fields), "ok");
  fields.handler = std::string(128, 'x');
  EXPECT_EQ(verdict(fields), "ok");
  fields.handler = std::string(129, 'x');
  EXPECT_NE(verdict(fields), "ok");
}

TEST(Rules, TheHandlerIsCheckedAgainstTheRuntimeThatItEndsUpWith) {
  Function function;
  FunctionFields fields;
  fields.runtime = "custom";
  fields.handler = "anything";
  ASSERT_TRUE(apply_fields(fields, function, {}));
  FunctionFields change;
  change.runtime = "python3";
  EXPECT_FALSE(apply_fields(change, function, {}));
}

TEST(Rules, EnvironmentNamesAndSizes) {
  FunctionFields fields = python();
  fields.environment = {{{"B", "2"}, {"A_1", ""}}};
  EXPECT_EQ(verdict(fields), "ok");
  for (const char* name : {"", "1A", "A-B", "A=B", "A B", "\xc3\xbc"}) {
    fields.environment = {{{name, "x"}}};
    EXPECT_TRUE(mentions(verdict(fields), "environmentVariables has an invalid name")) << name;
  }
  fields.environment = {{{"A", "1"}, {"B", "2"}, {"A", "3"}}};
  EXPECT_TRUE(mentions(verdict(fields), "more than once"));
  fields.environment = {{{"A", std::string("x\0y", 3)}}};
  EXPECT_TRUE(mentions(verdict(fields), "NUL"));
  fields.environment = {{{"A", std::string(4095, 'x')}}};
  EXPECT_EQ(verdict(fields), "ok");
  fields.environment = {{{"A", std::string(4096, 'x')}}};
  EXPECT_TRUE(mentions(verdict(fields), "too large"));
}

TEST(Rules, TheEnvironmentIsSorted) {
  FunctionFields fields = python();
  fields.environment = {{{"B", "2"}, {"A", "1"}}};
  Function function;
  ASSERT_TRUE(apply_fields(fields, function, {}));
  EXPECT_EQ(function.spec.environment.front().first, "A");
}

TEST(Rules, ADescriptionIsCountedInCharactersNotBytes) {
  std::string umlauts;
  for (int i = 0; i < 256; ++i) umlauts += "\xc3\xbc";
  ServiceFields fields;
  Service service;
  fields.description = umlauts;
  EXPECT_TRUE(apply_fields(fields, service));
  fields.description = umlauts + "x";
  EXPECT_FALSE(apply_fields(fields, service));
}

TEST(Rules, WhatIsOnlyKeptIsBoundedToo) {
  ServiceFields fields;
  Service service;
  fields.extra["vpcConfig"] = std::string(kExtraBytesMax, 'x');
  EXPECT_FALSE(apply_fields(fields, service));
  fields.extra.clear();
  Service other;
  fields.role = std::string(kRoleBytesMax + 1, 'x');
  EXPECT_FALSE(apply_fields(fields, other));
}

}  // namespace
}  // namespace convoke
