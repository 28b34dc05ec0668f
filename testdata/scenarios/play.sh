# Plays one half of a scenario: play.sh FILE FUNCTION
. /scenarios/lib.sh
. "$1"
"$2"
:
