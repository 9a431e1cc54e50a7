#include "core/api/json.h"

#include <gtest/gtest.h>

#include "core/model/json_writer.h"

namespace convoke {
namespace {

// Its canonical text, or the error.
std::string read(const std::string& text) {
  const Result<Json> json = Json::parse_object(text);
  if (json) return json->canonical_text();
  EXPECT_EQ(json.error().code, ErrorCode::kInvalidArgument);
  return "error: " + json.error().message;
}

bool refused(const std::string& text) { return read(text).starts_with("error: "); }

std::string nested(std::size_t levels) {
  return std::string(R"({"a":)") + std::string(levels - 1, '[') + std::string(levels - 1, ']') +
         "}";
}

TEST(Json, EveryKindComesBackCanonical) {
  EXPECT_EQ(read(R"( { "a" : [ 1 , -2.5 , "x" , true , false , { } , [ ] ] } )"),
            R"({"a":[1,-2.5,"x",true,false,{},[]]})");
  EXPECT_EQ(read("{}"), "{}");
  EXPECT_EQ(read(R"({"max":9223372036854775807,"min":-9223372036854775808})"),
            R"({"max":9223372036854775807,"min":-9223372036854775808})");
}

TEST(Json, NullMembersAreLeftOutAndNullElementsAreNot) {
  EXPECT_EQ(read(R"({"a":null,"b":{"c":null},"d":[null]})"), R"({"b":{},"d":[null]})");
}

TEST(Json, TextIsUnescapedAndEscapedAgain) {
  const Result<Json> json = Json::parse_object(R"({"a\u0062":"\u00fc\ud83d\ude00\n\"\u0000"})");
  ASSERT_TRUE(json);
  const Json* text = json->find("ab");
  ASSERT_TRUE(text);
  EXPECT_EQ(*text->as<std::string>(), std::string("\xc3\xbc\xf0\x9f\x98\x80\n\"\0", 9));
  EXPECT_EQ(json->canonical_text(), "{\"ab\":\"\xc3\xbc\xf0\x9f\x98\x80\\n\\\"\\u0000\"}");
}

TEST(Json, KeysMatchWhateverTheirCaseAndTheFirstCounts) {
  const Result<Json> json =
      Json::parse_object(R"({"TimeOut":null,"TIMEOUT":1,"timeout":2,"Other":{}})");
  ASSERT_TRUE(json);
  ASSERT_TRUE(json->find("timeout"));
  EXPECT_EQ(*json->find("timeout")->as<std::int64_t>(), 1);
  EXPECT_EQ(json->find("missing"), nullptr);
  EXPECT_EQ(json->find("other")->find("x"), nullptr);
  EXPECT_EQ(json->find("timeout")->find("x"), nullptr);
}

TEST(Json, RefusesWhatIsNoObject) {
  for (const char* text : {"", " ", "[]", "1", "\"x\"", "null", "true", "x", "{", "}", "[{}]"})
    EXPECT_TRUE(refused(text)) << text;
}

TEST(Json, RefusesWhatIsNoJson) {
  for (const char* text :
       {R"({"a"})",          R"({"a":})",         R"({"a":1,})",    R"({,})",
        R"({"a":1 "b":2})",  R"({a:1})",          R"({'a':1})",     R"({"a":01})",
        R"({"a":1.})",       R"({"a":.5})",       R"({"a":+1})",    R"({"a":1e})",
        R"({"a":nul})",      R"({"a":nulls})",    R"({"a":tru})",   R"({"a":True})",
        R"({"a":NaN})",      R"({"a":Infinity})", R"({"a":[1,]})",  R"({"a":[1 2]})",
        R"({"a":[})",        R"({"a":"x})",       R"({"a":"\x"})",  R"({"a":"\u12"})",
        R"({"a":"\ud800"})", "{\"a\":\"\n\"}",    R"({"a":1e999})", R"({"a":1}})",
        R"({"a":1}{})",      R"({"a":1} x)",      R"({} {})",       R"({"a":/**/1})",
        "\xef\xbb\xbf{}x"})
    EXPECT_TRUE(refused(text)) << text;
}

TEST(Json, RefusesWhatIsNotUtf8) {
  for (const char* text :
       {"{\"a\":\"\xff\"}", "{\"\xc3\":1}", "{\"a\":\"\xc0\x80\"}", "{\"a\":\"\xed\xa0\x80\"}"})
    EXPECT_TRUE(refused(text)) << text;
}

TEST(Json, SaysWhereItWentWrong) {
  EXPECT_NE(read(R"({"a":1,"b":x})").find("near byte 11"), std::string::npos)
      << read(R"({"a":1,"b":x})");
}

TEST(Json, CutAtEveryByteItIsRefused) {
  const std::string text = R"({"a":[1,{"b":"c\n"},null,true],"d":-1.5e3,"e":{}})";
  ASSERT_FALSE(refused(text));
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_TRUE(refused(text.substr(0, size))) << size;
}

TEST(Json, WithAnyByteChangedItIsReadOrRefused) {
  const std::string text = R"({"a":[1,{"b":"c\n"},null,true],"d":-1.5e3,"e":{}})";
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = text;
      changed[at] = static_cast<char>(byte);
      const std::string once = read(changed);
      if (!once.starts_with("error: ")) {
        EXPECT_EQ(read(once), once);
      }
    }
  }
}

TEST(Json, HasADepthBeyondWhichItIsRefused) {
  EXPECT_FALSE(refused(nested(kJsonDepthMax)));
  EXPECT_NE(read(nested(kJsonDepthMax + 1)).find("nested deeper"), std::string::npos);
  EXPECT_TRUE(refused(nested(500'000)));
  EXPECT_TRUE(refused(R"({"a":)" + std::string(500'000, '[')));
}

TEST(Json, HasANumberOfValuesBeyondWhichItIsRefused) {
  std::string text = R"({"a":[0)";
  for (std::size_t i = 2; i < kJsonValuesMax; ++i) text += ",0";
  EXPECT_FALSE(refused(text + "]}"));
  EXPECT_NE(read(text + ",0]}").find("more than 10000 values"), std::string::npos);
}

TEST(Json, WhatHasNoLimitIsALongText) {
  const std::string long_text(1'000'000, 'x');
  const Result<Json> json = Json::parse_object(R"({"a":")" + long_text + "\"}");
  ASSERT_TRUE(json);
  EXPECT_EQ(*json->find("a")->as<std::string>(), long_text);
}

TEST(Json, NamesItsKinds) {
  const Result<Json> json = Json::parse_object(R"({"a":1,"b":"","c":[],"d":1.5,"e":true})");
  ASSERT_TRUE(json);
  EXPECT_EQ(json->kind(), "an object");
  EXPECT_EQ(json->find("a")->kind(), "an integer");
  EXPECT_EQ(json->find("b")->kind(), "a string");
  EXPECT_EQ(json->find("c")->kind(), "an array");
  EXPECT_EQ(json->find("d")->kind(), "a number");
  EXPECT_EQ(json->find("e")->kind(), "a boolean");
  EXPECT_EQ(Json().kind(), "null");
}

TEST(JsonWriter, WritesMembersInTheirOrder) {
  JsonWriter writer;
  writer.object().member("b", "x\"\n").member("a", std::int64_t{-1});
  writer.key("list").array().text({}).null().boolean(true).number(0.5).json("{}").end();
  EXPECT_EQ(writer.end().take(), R"({"b":"x\"\n","a":-1,"list":["",null,true,0.5,{}]})");
}

}  // namespace
}  // namespace convoke
