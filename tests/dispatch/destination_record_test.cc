#include "core/dispatch/destination_record.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace convoke {
namespace {

constexpr const char* kId = "0f8fad5b-d9cb-469f-a165-70867728950e";

DestinationRecord success() {
  DestinationRecord record;
  record.at = wall_from_ms(1'660'120'276'975);
  record.id = *CallId::parse(kId);
  record.function_arn = record_arn("S", "", "F");
  record.invoke_count = 1;
  record.epoch = Epoch::of(3, 1);
  record.event = R"({"a": "ü"})";
  record.response = "done";
  return record;
}

Outcome met(Error error, Outcome::Kind kind = Outcome::Kind::kRefused) {
  Outcome outcome;
  outcome.kind = kind;
  outcome.error = std::move(error);
  return outcome;
}

Outcome function_error(FunctionError error) {
  Outcome outcome;
  outcome.reply.function_error = error;
  return outcome;
}

// The payload's member as the record has it.
std::string request_of(std::string_view event) {
  DestinationRecord record = success();
  record.event = event;
  const std::string json = to_json(record);
  const std::size_t from = json.find("\"requestPayload\"");
  return json.substr(from, json.find(",\"responseContext\"") - from);
}

std::string cut_to(const std::string& text) {
  return fmt::format(R"("requestPayload":"{}","requestPayloadTruncated":true)", text);
}

// Member for member and in the order of fc-contract's example, with the fencing token besides.
TEST(DestinationRecord, OfASuccessIsTheContractsExample) {
  EXPECT_EQ(to_json(success()),
            R"({"timestamp":1660120276975,)"
            R"("requestContext":{"requestId":"0f8fad5b-d9cb-469f-a165-70867728950e",)"
            R"("functionArn":"acs:fc:::services/S/functions/F","condition":"",)"
            R"("approximateInvokeCount":1,"fencingToken":"12884901889"},)"
            R"("requestPayload":"{\"a\": \"ü\"}",)"
            R"("responseContext":{"statusCode":200,"functionError":""},)"
            R"("responsePayload":"done"})");
}

TEST(DestinationRecord, OfAFunctionErrorNamesIt) {
  DestinationRecord record = success();
  record.function_arn = record_arn("S", "LATEST", "F");
  record.invoke_count = 4;
  const Outcome outcome = function_error(FunctionError::kUnhandled);
  record.ending = recorded_end(Settlement::kFailed, &outcome);
  record.response = R"({"errorMessage":"no"})";
  EXPECT_EQ(to_json(record),
            R"({"timestamp":1660120276975,)"
            R"("requestContext":{"requestId":"0f8fad5b-d9cb-469f-a165-70867728950e",)"
            R"("functionArn":"acs:fc:::services/S.LATEST/functions/F",)"
            R"("condition":"FunctionInvocationError","approximateInvokeCount":4,)"
            R"("fencingToken":"12884901889"},)"
            R"("requestPayload":"{\"a\": \"ü\"}",)"
            R"("responseContext":{"statusCode":200,"functionError":"UnhandledInvocationError"},)"
            R"("responsePayload":"{\"errorMessage\":\"no\"}"})");
}

TEST(DestinationRecord, BytesThatAreNoUtf8AreBase64AndSaySo) {
  EXPECT_EQ(request_of(std::string_view("\xff\x00\x01", 3)),
            R"("requestPayload":"/wAB","requestPayloadEncoding":"base64")");
  EXPECT_EQ(request_of("\xc3"), R"("requestPayload":"ww==","requestPayloadEncoding":"base64")")
      << "half a character";
  EXPECT_EQ(request_of("\xed\xa0\x80"),
            R"("requestPayload":"7aCA","requestPayloadEncoding":"base64")")
      << "a surrogate";
}

TEST(DestinationRecord, ControlCharactersAreEscapedAndNothingIsAnEmptyString) {
  EXPECT_EQ(request_of(std::string_view("\0\n\"\\", 4)), R"("requestPayload":"\u0000\n\"\\")");
  EXPECT_EQ(request_of({}), R"("requestPayload":"")");
}

TEST(DestinationRecord, ALongAnswerIsCutAndMarked) {
  DestinationRecord record = success();
  const std::string whole(kRecordPayloadMax, 'x');
  record.response = whole;
  EXPECT_EQ(to_json(record).find("Truncated"), std::string::npos);
  const std::string longer = whole + "y";
  record.response = longer;
  const std::string json = to_json(record);
  EXPECT_NE(json.find("\"responsePayload\":\"" + whole + "\",\"responsePayloadTruncated\":true}"),
            std::string::npos);
}

TEST(DestinationRecord, ACutWithinACharacterTakesTheWholeCharacter) {
  for (const std::string character : {"ü", "€", "😀"}) {
    for (std::size_t inside = 1; inside < character.size(); ++inside) {
      const std::string before(kRecordPayloadMax - inside, 'x');
      EXPECT_EQ(request_of(fmt::format("{}{}more", before, character)), cut_to(before));
    }
    const std::string before(kRecordPayloadMax - character.size(), 'x');
    const std::string whole = before + character;
    EXPECT_EQ(request_of(whole + "more"), cut_to(whole));
  }
}

TEST(DestinationRecord, LongBytesAreCutBeforeTheyAreEncoded) {
  const std::string json = request_of(std::string(kRecordPayloadMax + 1, '\xff'));
  EXPECT_EQ(json.size(), std::string(R"("requestPayload":"","requestPayloadEncoding":"base64",)"
                                     R"("requestPayloadTruncated":true)")
                                 .size() +
                             (kRecordPayloadMax + 2) / 3 * 4);
}

TEST(DestinationRecord, StaysWithinItsBoundWhateverItHolds) {
  for (const char c : {'"', '\\', '\n', '\x01', '\x7f', '\xff', 'x'}) {
    for (const std::size_t size : {kRecordPayloadMax / 2, kRecordPayloadMax + 1}) {
      DestinationRecord record = success();
      const std::string payload(size, c);
      record.event = payload;
      record.response = payload;
      EXPECT_LE(to_json(record).size(), kDestinationRecordMax) << int{c} << ' ' << size;
    }
  }
}

TEST(DestinationRecord, TextThatJsonWouldBlowUpIsBase64) {
  const std::size_t most = kRecordTextMax / 2;
  EXPECT_EQ(request_of(std::string(most, '"')).find("base64"), std::string::npos);
  EXPECT_NE(request_of(std::string(most + 1, '"')).find("base64"), std::string::npos);
  EXPECT_NE(request_of(std::string(kRecordTextMax / 6 + 1, '\v')).find("base64"),
            std::string::npos);
}

TEST(RecordedEnd, OfAnErrorIsItsCodeAndStatus) {
  const Outcome exited = met({ErrorCode::kCaExited, ""}, Outcome::Kind::kNotStarted);
  EXPECT_EQ(recorded_end(Settlement::kFailed, &exited), (RecordedEnd{"CAExited", 412, ""}));
  const Outcome gone = met({ErrorCode::kFunctionNotFound, ""});
  EXPECT_EQ(recorded_end(Settlement::kInvalid, &gone), (RecordedEnd{"FunctionNotFound", 404, ""}));
  EXPECT_EQ(recorded_end(Settlement::kInvalid, nullptr),
            (RecordedEnd{"FunctionNotFound", 404, ""}));
}

TEST(RecordedEnd, OfAFunctionErrorIsASystemsSuccess) {
  Outcome outcome = function_error(FunctionError::kHandled);
  EXPECT_EQ(recorded_end(Settlement::kFailed, &outcome),
            (RecordedEnd{"FunctionInvocationError", 200, "HandledInvocationError"}));
  outcome = function_error(FunctionError::kUnhandled);
  outcome.kind = Outcome::Kind::kTimedOut;
  EXPECT_EQ(recorded_end(Settlement::kFailed, &outcome),
            (RecordedEnd{"FunctionInvocationError", 200, "UnhandledInvocationError"}));
}

TEST(RecordedEnd, OfACallThatGotTooOldSaysWhatItMetLast) {
  EXPECT_EQ(recorded_end(Settlement::kExpired, nullptr),
            (RecordedEnd{"AsyncEventAgeExceeded", 503, ""}));
  const Outcome failed = function_error(FunctionError::kUnhandled);
  EXPECT_EQ(recorded_end(Settlement::kExpired, &failed),
            (RecordedEnd{"AsyncEventAgeExceeded", 200, "UnhandledInvocationError"}));
  for (const ErrorCode code : {ErrorCode::kResourceThrottled, ErrorCode::kResourceExhausted}) {
    const Outcome throttled = met({code, ""});
    EXPECT_EQ(recorded_end(Settlement::kExpired, &throttled),
              (RecordedEnd{"FunctionResourceExhausted", traits_of(code).http_status, ""}));
  }
  const Outcome lost = met({ErrorCode::kServiceUnavailable, ""}, Outcome::Kind::kLost);
  EXPECT_EQ(recorded_end(Settlement::kExpired, &lost),
            (RecordedEnd{"AsyncEventAgeExceeded", 503, ""}));
}

TEST(RecordedEnd, OfAStoppedCallIsItsOwn) {
  EXPECT_EQ(recorded_end(Settlement::kStopped, nullptr),
            (RecordedEnd{"AsyncInvocationStopped", 412, ""}));
}

}  // namespace
}  // namespace convoke
