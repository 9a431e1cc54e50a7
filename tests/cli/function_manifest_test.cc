#include "tools/function_manifest.h"

#include <gtest/gtest.h>

namespace convoke::cli {
namespace {

Outcome<Manifest> parse(std::string_view text) {
  return parse_manifest(text, "convoke.toml", "hello");
}

std::string failure_of(std::string_view text) {
  Outcome<Manifest> manifest = parse(text);
  return manifest ? "" : manifest.failure().message;
}

TEST(Manifest, TheDirectoryNamesTheFunctionUnlessTheFileDoes) {
  constexpr std::string_view kRest = "runtime = \"python3\"\nhandler = \"a.b\"\n";
  Outcome<Manifest> plain = parse(kRest);
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->name.text(), "hello");
  Outcome<Manifest> named = parse("name = \"checkout\"\nservice = \"shop\"\n" + std::string(kRest));
  ASSERT_TRUE(named);
  EXPECT_EQ(named->name.text(), "shop/checkout");
}

TEST(Manifest, EnvironmentKeepsNamesAndValuesAsTheyStand) {
  Outcome<Manifest> manifest = parse(
      "runtime = \"custom\"\n[environment]\nMixedCase = \"a, b # c\"\nPORT = 80\nON = true\n");
  ASSERT_TRUE(manifest);
  JsonWriter json;
  json.begin_object();
  manifest->settings.write_members(json);
  json.end_object();
  EXPECT_EQ(json.text(), R"({"handler":"bootstrap","runtime":"custom","environmentVariables":)"
                         R"({"MixedCase":"a, b # c","ON":"true","PORT":"80"}})");
}

TEST(Manifest, AnUnknownKeyNamesItsLineAndTheKeyThatWasMeant) {
  EXPECT_EQ(failure_of("runtime = \"custom\"\ntimeuot = 3\n"),
            "convoke.toml:2: unknown key 'timeuot' (did you mean 'timeout'?)");
  EXPECT_EQ(failure_of("runtime = \"custom\"\nnam = \"x\"\n"),
            "convoke.toml:2: unknown key 'nam' (did you mean 'name'?)");
}

TEST(Manifest, AnUnknownTableIsAnError) {
  EXPECT_EQ(failure_of("runtime = \"custom\"\n[env]\nA = \"1\"\n"),
            "convoke.toml:3: unknown table [env]; there is [environment]");
}

TEST(Manifest, AWrongValueNamesItsLine) {
  EXPECT_EQ(failure_of("runtime = \"custom\"\ntimeout = \"soon\"\n"),
            "convoke.toml:2: timeout is a number, not 'soon'");
}

TEST(Manifest, RuntimeAndPythonHandlerAreRequired) {
  EXPECT_NE(failure_of("").find("runtime ="), std::string::npos);
  EXPECT_NE(failure_of("runtime = \"python3\"").find("handler ="), std::string::npos);
  EXPECT_EQ(failure_of("runtime = \"custom\""), "");
}

TEST(Manifest, ANameThatIsNoneIsRefused) {
  EXPECT_NE(failure_of("runtime = \"custom\"\nname = \"a/b\"\n"), "");
  EXPECT_NE(failure_of("runtime = \"custom\"\nname = \"\"\n"), "");
}

}  // namespace
}  // namespace convoke::cli
