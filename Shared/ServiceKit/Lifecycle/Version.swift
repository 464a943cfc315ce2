/// The version of the platform, in dead letters, migrations and `--version`.
package let platformVersion = "0.1.0"
