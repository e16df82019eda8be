# The program goes in, to be built there; then all is a zip, the two scripts at its root.
tree student "$out/dmalab"
[ -z "$secret" ] || cp "$secret" "$out/secret"
chmod 755 "$out/setup.sh" "$out/run_autograder"
settle "$out"
rm -f "$out.zip"
(cd "$out" && find . -type f | LC_ALL=C sort | TZ=UTC zip -q -X -@ "../$(basename "$out").zip")
rm -rf "$out"
out=$out.zip
