-- predict() with what is no question, from where it was not asked for.
-- comes to: done 0, predict wants a question
function send()
  predict(0 / 0, 1)
end
