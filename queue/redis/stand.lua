-- How the function's calls stand, all of one moment. Returns the stand.
return stand()
